#!/usr/bin/env python3
"""The whole system from outside: start, addresses of the contract, hostile requests, login from the command line, stop,
crash, second start. TAP on stdout.  usage: run.py BUILD_DIR"""
import json
import os
import re
import signal
import socket
import sqlite3
import subprocess
import sys
import time
import traceback

sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "lib"))
from bureau import Bureau  # noqa: E402
from tap import check, count  # noqa: E402


PUBLIC = ["/", "/guide", "/downloads", "/faq", "/windows", "/verify", "/jobs", "/cert", "/login"]
CLOSED = ["/unit", "/person", "/inbox", "/filings", "/desk", "/review", "/audit", "/admin"]


def contract(b):
    for path in PUBLIC:
        a = b.get(path)
        check(f"GET {path} 200", a.status == 200 and "<h1" in a.text, f"{a.status}")
        j = b.get(path, accept="application/json")
        check(f"GET {path} as JSON", j.status == 200 and isinstance(j.json, dict), f"{j.status}")
    for path in CLOSED:
        a = b.get(path)
        check(f"GET {path} 303 to /login", a.status == 303 and re.match(r"(http://localhost:\d+)?/login", a.header("Location") or ""), f"{a.status}")
        j = b.get(path, accept="application/json")
        check(f"GET {path} as JSON 401", j.status == 401 and j.json["error"]["code"].startswith("L-") and j.json["error"]["remedy"], f"{j.status} {j.text[:200]}")
    links = set(re.findall(r'href="(/(?:crl|ca)/[^"]+)"', b.get("/cert").text))
    check("/cert links CA certificates and CRL", sum(p.startswith("/ca/") for p in links) >= 2 and any(p.startswith("/crl/") for p in links), str(links))
    for path in sorted(links):
        a = b.get(path)
        check(f"GET {path}", a.status == 200 and a.body[:1] == b"\x30", f"{a.status}")
    check("/healthz", b.get("/healthz").status == 200)
    m = b.get("/metrics")
    check("/metrics", m.status == 200 and "yinxin" in m.text, f"{m.status}")
    for path in ("/log/head", "/log/proof", "/ocsp", "/tsa"):
        a = b.get(path, accept="application/json")
        check(f"{path} answers honestly", a.status == 200 or (a.status in (400, 405, 422, 503) and a.json["error"]["remedy"]), f"{a.status} {a.text[:100]}")
    with open(os.path.join(b.data, "root.sm3")) as f:
        check("root.sm3 is a digest", re.fullmatch(r"[0-9a-f]{64}\n?", f.read()))
    roles = {k["role"] for k in b.demo["keys"]}
    check("demo.json has every role", {"clerk", "reviewer", "maker", "operator", "person", "auditor", "security", "system"} <= roles, str(roles))
    check("demo.json is private", os.stat(os.path.join(b.data, "demo.json")).st_mode & 0o077 == 0)
    check("the slots start empty", not json.loads(b.yxkey("list", "--json").stdout))


def public_objects(b):
    """Lists and certificates: kept by caches, asked about with a condition, and enough for another verifier's whole path."""
    files = {}
    for path, most in (("/crl/ca.crl", 7 * 86400), ("/crl/root.crl", 86400), ("/ca/root.cer", 86400), ("/ca/ca.cer", 86400)):
        a = b.get(path)
        age = re.match(r"max-age=(\d+), public", a.header("Cache-Control") or "")
        check(f"{path} may be kept", a.status == 200 and age and most - 3600 < int(age.group(1)) <= most and a.header("Expires"), a.header("Cache-Control"))
        for name, value in (("If-None-Match", a.header("ETag")), ("If-Modified-Since", a.header("Last-Modified"))):
            c = b.request("GET", path, headers={name: value or ""})
            check(f"{path} {name}: 304 without a body", c.status == 304 and c.body == b"" and c.header("ETag") == a.header("ETag"), f"{c.status}")
        c = b.request("GET", path, headers={"If-None-Match": '"other"', "If-Modified-Since": a.header("Last-Modified") or ""})
        check(f"{path}: another tag gets all of it", c.status == 200 and c.body == a.body, f"{c.status}")
        files[path] = os.path.join(b.dir, os.path.basename(path))
        with open(files[path], "wb") as f:
            f.write(a.body)
    check("/cert names the root's list", "/crl/root.crl" in b.get("/cert").text)
    text = subprocess.run(["openssl", "x509", "-inform", "DER", "-in", files["/ca/ca.cer"], "-noout", "-text"], capture_output=True, text=True).stdout
    check("the CA's certificate says where it is", f"URI:{b.origin}/crl/root.crl" in text, text[-600:])
    judge = os.path.join(b.build, "tests/unit/pki/interop_ossl_path")
    lists = [files["/crl/ca.crl"], files["/crl/root.crl"]]
    for given, verdict in ((lists, "OK"), (lists[:1], "error 3 at depth 1: unable to get certificate CRL")):
        p = subprocess.run([judge, files["/ca/root.cer"], files["/ca/ca.cer"], os.path.join(b.data, "ca/ocsp.cer"), *given],
                           env=dict(os.environ, JUDGE_AT=str(int(b.now().timestamp()))), capture_output=True, text=True)
        check(f"libcrypto with {len(given)} lists: {verdict}", p.stdout.strip() == verdict, p.stdout + p.stderr)


def headers(b):
    a = b.get("/")
    csp = a.header("Content-Security-Policy") or ""
    check("CSP without inline", "unsafe" not in csp and "default-src 'none'" in csp and "frame-ancestors 'none'" in csp, csp)
    check("nosniff", a.header("X-Content-Type-Options") == "nosniff")
    check("no version of the edge", not re.search(r"\d", a.header("Server") or ""), a.header("Server"))
    check("pages are UTF-8", "charset=utf-8" in (a.header("Content-Type") or "").lower())
    a = b.get("/no-such-page")
    check("unknown address: 404 with code and remedy", a.status == 404 and "S-008" in a.text, f"{a.status}")
    a = b.request("DELETE", "/")
    check("unknown method is refused", a.status in (405, 403, 400), f"{a.status}")


def raw(b, data, timeout=8):
    with socket.create_connection(("127.0.0.1", b.port), timeout=timeout) as s:
        s.sendall(data)
        s.settimeout(timeout)
        out = b""
        try:
            while chunk := s.recv(65536):
                out += chunk
        except (TimeoutError, ConnectionResetError):
            pass
        return out


def hostile(b):
    host = f"Host: localhost:{b.port}\r\n".encode()
    js = {"Content-Type": "application/json", "Origin": b.origin}
    cases = [
        ("two Content-Length", b"POST /login/challenge HTTP/1.1\r\n" + host + b"Content-Length: 2\r\nContent-Length: 3\r\n\r\n{}", b"400"),
        ("bare CR in a header", b"GET / HTTP/1.1\r\n" + host + b"X: a\rb\r\n\r\n", None),
        ("header of 40 KiB", b"GET / HTTP/1.1\r\n" + host + b"X: " + b"a" * 40960 + b"\r\n\r\n", b"431"),
        ("NUL in the address", b"GET /\0 HTTP/1.1\r\n" + host + b"\r\n", b"400"),
    ]
    for name, data, status in cases:
        out = raw(b, data)
        check(f"hostile: {name}", (status in out[:40] if status else not out.startswith(b"HTTP/1.1 5")), repr(out[:60]))
    a = b.request("POST", "/login/challenge", body="x" * (21 << 20), headers=js)
    check("a body of 21 MiB is 413 with code and remedy", a.status == 413 and "S-003" in a.text, f"{a.status}")
    for name, body in [("truncated JSON", '{"a":'), ("duplicate member", '{"csrf":"a","csrf":"b"}'), ("undeclared member", '{"surprise":"1"}'),
                       ("a number for text", '{"csrf":1}'), ("an array", "[]"), ("not UTF-8", b'{"csrf":"\xff\xfe"}')]:
        a = b.request("POST", "/login/challenge", body=body, headers=js)
        check(f"hostile JSON: {name}", a.status in (400, 422) and a.json["error"]["code"].startswith("F-"), f"{a.status} {a.text[:120]}")
    for name, query in [("undeclared", "surprise=1"), ("twice", "next=/unit&next=/desk"), ("not UTF-8", "next=%ff"),
                        ("foreign", "next=https://evil.example/"), ("schemeless foreign", "next=//evil.example/")]:
        a = b.get("/login?" + query)
        bad = a.status >= 500 or "evil.example" in a.text
        check(f"query {name}", not bad and (name.endswith("foreign") or a.status == 400), f"{a.status}")
    a = b.request("POST", "/login/challenge", body="{}", headers={**js, "Origin": "http://evil.example"})
    check("a foreign Origin is refused", a.status == 403, f"{a.status}")
    a = b.request("POST", "/login/answer", body=json.dumps({"statement": "x", "signature": "x", "cert": "x"}), headers=js)
    check("an answer without a challenge is refused", a.status in (400, 403, 409, 422) and a.json["error"]["remedy"], f"{a.status} {a.text[:100]}")
    check("the portal still answers", b.get("/healthz").status == 200)


def command_line_login(b):
    b.yxkey("insert", "clerk-1", check=True)
    bad = b.yxkey("insert", "nobody-9")
    check("an unknown key is refused with one line", bad.returncode == 1 and bad.stderr.strip().count("\n") == 0, bad.stderr)
    wrong = b.yxkey("login", "--key", "clerk-1", "--origin", b.origin, pin="000000")
    check("a wrong PIN exits 1 and prints the tries left", wrong.returncode == 1 and "5" in wrong.stderr + wrong.stdout, wrong.stderr)
    good = b.yxkey("login", "--key", "clerk-1", "--origin", b.origin, pin=b.key("clerk-1")["pin"])
    check("yxkey login prints one cookie", good.returncode == 0 and re.fullmatch(rf"yx_session_{b.port}=\S+\n?", good.stdout), good.stderr + good.stdout[:60])
    cookie = good.stdout.strip()
    a = b.get("/desk", cookie=cookie)
    check("the clerk sees the desk", a.status == 200 and "<h1" in a.text, f"{a.status}")
    check("pages behind the login are not stored", "no-store" in (a.header("Cache-Control") or ""))
    check("the clerk does not see the audit page", b.get("/audit", cookie=cookie).status == 403)
    check("a made-up cookie is nobody", b.get("/desk", cookie=f"yx_session_{b.port}=" + "A" * 43).status == 303)
    check("a swapped tail is nobody", b.get("/desk", cookie=cookie[:-3] + "AAA").status == 303)
    b.yxkey("remove", "clerk-1", check=True)
    return cookie


def data_at_rest(b):
    """No identity number, mobile number, statement or PIN can be read in any file of the data folder."""
    needles = {"pin of " + k["name"]: k["pin"].encode() for k in b.demo["keys"] if k.get("pin") and len(k["pin"]) >= 6}
    needles["an identity number"] = re.compile(rb"(?<!\d)4301\d{13}[\dXx](?!\d)")
    found = []
    for folder, _subs, names in os.walk(b.data, followlinks=False):
        for n in names:
            path = os.path.join(folder, n)
            if n == "demo.json" or not os.path.isfile(path) or os.path.islink(path) or "/www/" in path:
                continue
            with open(path, "rb") as f:
                body = f.read()
            for what, needle in needles.items():
                hit = needle.search(body) if hasattr(needle, "search") else (needle in body and not n.endswith((".pdf", ".deb")))
                if hit:
                    found.append(f"{what} in {os.path.relpath(path, b.data)}")
    check("no PIN or identity number lies readable in the data folder", not found, "; ".join(found[:6]))
    db = sqlite3.connect(f"file:{os.path.realpath(b.data)}/yinxin.db?mode=ro", uri=True)
    dump = "\n".join(db.iterdump())
    check("the database holds no statement in clear", "YINXIN-1 " not in dump and b"YINXIN-1 ".hex() not in dump.lower())
    db.close()


def stop_and_crash(b):
    for part in ("yinxin-portal", "yinxin-signer", "yinxin-escrow", "yinxin-notary", "yinxin-agent", "yxcard"):
        pids = b.part(part)
        if not check(f"{part} runs", bool(pids)):
            continue
        os.kill(pids[0], signal.SIGKILL)
        end = time.monotonic() + 8
        now = []
        while time.monotonic() < end and (not now or now == pids):
            time.sleep(0.05)
            now = b.part(part)
        check(f"{part} killed: started again", now and now[0] != pids[0], f"{pids} {now} {b.output().decode('utf-8', 'replace')[-300:]}")
    end = time.monotonic() + 15
    status = 0
    while time.monotonic() < end:
        try:
            status = b.get("/").status
            if status == 200 and b.get("/cert").status == 200:
                break
        except OSError:
            pass
        time.sleep(0.1)
    check("the site is back after all of them were killed", status == 200)
    b.yxkey("insert", "clerk-1", check=True)
    check("a login works after the crashes", b.login("clerk-1").startswith("yx_session_"))


def stops(b):
    s = b.stop(signal.SIGTERM)
    check("TERM to the supervisor: all gone within 5 s", s < 5, f"{s:.1f}")
    began = time.monotonic()
    b.start()
    check("the second start continues with the same data, within 5 s", time.monotonic() - began < 5, f"{time.monotonic() - began:.1f}")
    check("the slots start empty again", not json.loads(b.yxkey("list", "--json").stdout))
    s = b.stop(signal.SIGINT)
    check("INT to the supervisor: all gone within 5 s", s < 5, f"{s:.1f}")
    for part in ("yinxin-portal", "yinxin-signer", "nginx", "yinxin-agent", "yxcard"):
        b.start()
        pid = next((p for p, n in b.children().items() if n.startswith(part)), None)
        if part == "nginx":
            with open(os.path.join(b.data, "edge/nginx.pid")) as f:
                pid = int(f.read())
        s = b.stop(signal.SIGTERM, pid=pid)
        check(f"TERM to {part}: all gone within 5 s", s < 5, f"{s:.1f}")
    # In the background of a shell that ignores INT.
    shell = f"{b.program('yinxin')} up & echo $! >{b.dir}/pid; wait"
    b.start(command=["sh", "-c", shell])
    with open(os.path.join(b.dir, "pid")) as f:
        s = b.stop(signal.SIGINT, pid=int(f.read()))
    check("INT in the background of a shell: all gone within 5 s", s < 5, f"{s:.1f}")
    b.start()
    os.kill(b.process.pid, signal.SIGKILL)
    b.process.wait()
    end = time.monotonic() + 5
    while b.children() and time.monotonic() < end:
        time.sleep(0.05)
    check("the supervisor killed: nothing is left behind", not b.children(), str(b.children()))


def separation(b):
    if os.getuid() != 0:
        check("one uid: said at the start", "演示模式: 进程未隔离" in b.output().decode("utf-8", "replace"))
        return
    uids = {}
    for pid, name in b.children().items():
        if name.startswith("yinxin-"):
            uids[name] = os.stat(f"/proc/{pid}").st_uid
            with open(f"/proc/{pid}/status") as f:
                status = f.read()
            if name in ("yinxin-portal", "yinxin-signer", "yinxin-escrow"):
                check(f"{name} runs under a system-call filter", "Seccomp:\t2" in status)
    three = [uids.get("yinxin-portal"), uids.get("yinxin-signer"), uids.get("yinxin-escrow")]
    check("portal, signer and escrow have uids of their own", None not in three and len(set(three)) == 3 and 0 not in three, str(uids))


def refuses(b):
    env = dict(b.env, YINXIN_PORT="99999")
    p = subprocess.run([b.program("yinxin"), "up"], env=env, capture_output=True, text=True, timeout=20)
    check("a wrong port is refused with one line", p.returncode == 1 and "YINXIN_PORT" in p.stderr and p.stderr.strip().count("\n") == 0, p.stderr)
    p = subprocess.run([b.program("yinxin"), "up"], env=b.env, capture_output=True, text=True, timeout=30)
    check("a second bureau on the same port is refused, the first lives", p.returncode == 1 and b.get("/healthz").status == 200, f"{p.returncode} {p.stderr}")


def main():
    b = Bureau(sys.argv[1])
    try:
        b.start()
        for part in (contract, public_objects, headers, hostile, command_line_login, separation, data_at_rest, refuses, stop_and_crash, stops):
            try:
                part(b)
            except Exception:
                check(f"{part.__name__} ran to its end", False, traceback.format_exc().replace("\n", " | "))
    finally:
        b.remove()
    print(f"1..{count[0]}")
    return 1 if count[1] else 0


sys.exit(main())
