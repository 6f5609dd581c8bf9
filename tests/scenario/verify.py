#!/usr/bin/env python3
"""The page /verify of a running bureau: a real receipt explained, as page and as JSON, the same words as yinxin-verify; what
is refused, with the first fault named and nothing of the content shown; nothing of an upload is kept. TAP on stdout.
usage: verify.py BUILD_DIR"""
import os
import re
import sqlite3
import subprocess
import sys
import traceback

sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "lib"))
from bureau import Bureau  # noqa: E402
from tap import check, count  # noqa: E402

MIB = 1 << 20
BOUNDARY = "----yinxin-test-7d1f"


class Stranger:
    """A browser without a session: the pre-login cookie and the token of the page."""

    def __init__(self, b):
        self.b = b
        a = b.get("/verify")
        self.page = a
        self.cookie = "; ".join(a.cookies())
        self.csrf = re.search(r'name="csrf" value="([0-9a-f]+)"', a.text).group(1)

    def upload(self, data, accept="application/json", csrf=None, name="case.yxr", path="/verify", origin=None):
        body = (f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="csrf"\r\n\r\n{self.csrf if csrf is None else csrf}\r\n'
                f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="receipt"; filename="{name}"\r\n'
                f"Content-Type: application/octet-stream\r\n\r\n").encode() + data + f"\r\n--{BOUNDARY}--\r\n".encode()
        return self.b.request("POST", path, body, {"Content-Type": f"multipart/form-data; boundary={BOUNDARY}", "Accept": accept,
                                                   "Cookie": self.cookie, "Origin": origin or self.b.origin})

    def result(self, data):
        return self.upload(data).json["results"][0]


def a_receipt(b):
    """Of a certificate case that was accepted, approved and made, so that three officers signed."""
    clerk = next(k["name"] for k in b.demo["keys"] if k["role"] == "clerk")
    b.yxkey("insert", clerk, check=True)
    cookie = b.login(clerk)
    db = sqlite3.connect(f"file:{b.data}/yinxin.db?mode=ro", uri=True)
    no, holder = db.execute("SELECT c.case_no, c.holder FROM cert_case c JOIN case_act a"
                                      " ON a.case_no = c.case_no GROUP BY c.case_no ORDER BY c.case_no LIMIT 1").fetchone()
    db.close()
    return no, holder, b.get(f"/desk/cases/{no}/receipt", cookie).body


def explained(b, s, no, data):
    check("the page is open to all", s.page.status == 200 and "选择回执文件" in s.page.text and s.page.header("Location") is None)
    digest = open(f"{b.data}/root.sm3", encoding="ascii").read().strip()
    check("it prints the root's fingerprint and where to compare it",
          digest in re.sub(r"\s", "", s.page.text) and "交接单" in s.page.text and "yinxin-verify" in s.page.text)
    a = s.upload(data, accept="text/html")
    check("a good receipt is valid", a.status == 200 and "✓ 回执有效" in a.text and "✗" not in a.text, f"{a.status} {a.text[:600]}")
    check("its page may not be kept", "no-store" in (a.header("Cache-Control") or ""))
    r = s.result(data)
    check("the JSON twin says the same", r["valid"] is True and r["verdict"] == "回执有效" and r["subject"] == no, str(r)[:400])
    people = [x for x in r["acts"] if x["signed"]]
    check("people, in order, with certificate and status", len(people) >= 2 and all(
        x["who"] and x["serial"] and x["status"].startswith("当时有效") and x["has_statement"] for x in people), str(people)[:600])
    check("roles in words", {"受理员", "审核员"} <= {x["role"] for x in people}, str({x["role"] for x in people}))
    check("the whole statement is there", all(x["statement"].startswith("YINXIN-1 ") and f"case: {no}\n" in x["statement"]
                                              for x in people if "CERT-" in x["statement"][:20]))
    check("acts are numbered and ascend in the log", [x["number"] for x in r["acts"]] == list(range(1, len(r["acts"]) + 1))
          and [x["index"] for x in r["acts"]] == sorted(x["index"] for x in r["acts"]))
    check("acts and steps are on the page", all(x["what"] in a.text for x in r["acts"])
          and a.text.count("✓ 通过") == len(r["steps"]))
    return r


def same_words(b, r, data):
    path = os.path.join(b.dir, "case.yxr")
    with open(path, "wb") as f:
        f.write(data)
    v = subprocess.run([b.program("yinxin-verify"), path], env=b.env, capture_output=True, text=True, timeout=60)
    lines = [line.split("] ", 1)[1] for line in v.stdout.splitlines() if line.startswith("[")]
    check("yinxin-verify says it in the same words", v.returncode == 0 and lines == [f"{x['title']}: {x['text']}" for x in r["steps"]],
          v.stdout + v.stderr)


def refused(b, s, no, holder, data):
    bad, shown = 0, 0
    for at in range(5, len(data), max(1, len(data) // 60)):
        spoiled = bytearray(data)
        spoiled[at] ^= 1 << at % 8
        a = s.result(bytes(spoiled))
        bad += a["valid"] or not a["fault"] or not a["remedy"] or a["steps"][-1]["good"]
        shown += bool(a["acts"]) or a["subject"] != ""
    check("no changed octet is accepted; the fault is named", bad == 0, f"{bad}")
    check("nothing of a refused receipt's acts is shown", shown == 0, f"{shown}")
    spoiled = bytearray(data)
    spoiled[len(data) // 2] ^= 1
    a = s.upload(bytes(spoiled), accept="text/html")
    check("as a page too", a.status == 200 and "✗ 回执无效" in a.text and "第一处错误是" in a.text and holder not in a.text)
    for what, octets in (("a text", "这不是回执\n".encode()), ("a cut receipt", data[:-1]), ("one octet", b"Y"), ("two receipts", data * 2)):
        r = s.result(octets)
        check(f"{what} is no receipt", not r["valid"] and r["fault"] == "格式" and r["code"] == "C-042", str(r)[:300])
    a = s.upload(b"")
    check("nothing chosen", a.status in (200, 422) and not (a.json.get("results") and a.json["results"][0]["valid"]), a.text[:300])
    a = s.upload(b"\0" * (16 * MIB + 1), accept="text/html")
    check("over sixteen MiB is refused with the way out", a.status in (413, 422) and "yinxin-verify" in a.text, f"{a.status} {a.text[:300]}")
    a = s.upload(b"\0" * (16 * MIB))
    check("sixteen MiB are read", a.status == 200 and not a.json["results"][0]["valid"], f"{a.status} {a.text[:300]}")
    check("without the token: refused", s.upload(data, csrf="0" * 64).status in (400, 403))
    check("from another site: refused", s.upload(data, origin="http://evil.example").status in (400, 403))
    check("a query is refused", s.upload(data, path=f"/verify?no={no}").status == 400)
    a = s.upload(data, accept="text/html", name='<b>"x.yxr'.replace('"', "%22"))
    check("the file's name is not shown", a.status == 200 and "x.yxr" not in a.text and "<b>" not in a.text.replace("<b class", ""))


def kept(b, octets):
    """Files of the bureau that hold them."""
    out = []
    for top, _, names in os.walk(os.path.realpath(b.data)):
        for path in (os.path.join(top, n) for n in names):
            if os.path.isfile(path) and octets in open(path, "rb").read():
                out.append(path)
    return out


def logs(b):
    folder = os.path.join(b.data, "log")
    return b"".join(open(os.path.join(folder, n), "rb").read() for n in os.listdir(folder))


def main():
    b = Bureau(sys.argv[1])
    try:
        b.start()
        no, holder, data = a_receipt(b)
        s = Stranger(b)
        marks = len(logs(b))
        r = explained(b, s, no, data)
        same_words(b, r, data)
        refused(b, s, no, holder, data)
        new = logs(b)[marks:]
        words = [no, holder, "YXR1", *(x["serial"] for x in r["acts"] if x["signed"])]
        check("nothing of an upload is in a log", not any(w.encode() in new for w in words), new[-500:])
        check("nor in a file", kept(b, data[-32:]) == [], kept(b, data[-32:]))  # SM3 of the whole, in nothing else
        b.stop()
    except Exception:  # a test that breaks off has failed
        traceback.print_exc()
        check("the scenario ran to its end", False)
    finally:
        b.remove()
    print(f"1..{count[0]}")
    return 1 if count[1] else 0


sys.exit(main())
