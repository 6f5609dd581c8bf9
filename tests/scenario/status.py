#!/usr/bin/env python3
"""A certificate that is suspended acts no more: not the statement that was signed before and arrives 0.6 s after the suspension, not
a login, not an open session two seconds later. Without the notary an act waits, with a code, and nothing has changed; the same
signature is then taken. What was acknowledged has a receipt that proves it. TAP on stdout.      usage: status.py BUILD_DIR"""
import base64
import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
import traceback

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.insert(0, os.path.join(ROOT, "tests/lib"))
from bureau import Bureau  # noqa: E402
from filer import Filer, approve  # noqa: E402
from tap import check, count  # noqa: E402


def ask(b, sql, *args):
    db = sqlite3.connect(f"file:{b.data}/yinxin.db?mode=ro", uri=True, timeout=10)
    try:
        return db.execute(sql, args).fetchall()
    finally:
        db.close()


def wait(what, limit):
    end = time.monotonic() + limit
    while not what() and time.monotonic() < end:
        time.sleep(0.05)
    return what()


def desk(b, *args):
    """An officer's hand at the desk; his key lies in no slot meanwhile."""
    p = subprocess.run([os.path.join(b.build, "tests/fault/status_tool"), os.path.realpath(b.data), *args], capture_output=True, text=True, timeout=60)
    assert p.returncode == 0, p.stderr
    return json.loads(p.stdout)


def filled(b, operator):
    """A draft without faults."""
    path, unit = os.path.join(b.dir, "staff.xlsx"), operator.json("/unit")["unit"]["unit_no"]
    filled.seed += 1
    no = operator.draft()
    month = json.loads(operator.page(f"/filings/{no}/form", "application/json").text)
    period = next((f["value"] for g in month.get("groups", []) for f in g.get("fields", []) if f.get("name") == "period"), "") or b.now().strftime("%Y%m")
    subprocess.run([os.path.join(ROOT, "tools/make-employees"), "-n", "2", "--seed", str(filled.seed), "--period", period, "--unit", unit, "-o", path],
                   check=True)
    with open(path, "rb") as f:
        a = operator.post_file(f"/filings/{no}/sheet", operator.csrf("/filings"), "sheet", "staff.xlsx", f.read(),
                               version=operator.version(no), period=period)
    assert a.status == 200, a.text[:300]
    return no


filled.seed = 50


class Signed:
    """A submission, signed and not sent yet."""

    def __init__(self, operator, no):
        self.who, self.no = operator, no
        self.token = operator.csrf("/filings")
        self.statement = operator.post_json(f"/filings/{no}/text", {"csrf": self.token, "step": "submit"})["statement"]
        self.signature, self.cert = operator.sign(self.statement)

    def send(self):
        body = {"csrf": self.token, "step": "submit", "statement": self.statement, "signature": self.signature, "cert": self.cert}
        a = self.who.post(f"/filings/{self.no}/act", None, "application/json", json.dumps(body, ensure_ascii=False).encode())
        return a.status, a.json.get("error", {}).get("code", ""), a

    @property
    def serial(self):
        p = subprocess.run(["openssl", "x509", "-inform", "DER", "-noout", "-serial"], input=base64.b64decode(self.cert), capture_output=True, check=True)
        return p.stdout.decode().strip().split("=")[1].rjust(32, "0")


def state(b, no):
    return ask(b, "SELECT state, version FROM filing WHERE no = ?", no)[0]


def code(a):
    return a.json.get("error", {}).get("code", "")


def suspended(b):
    operator = Filer(b, "operator-1")
    no = filled(b, operator)
    ready = Signed(operator, no)
    serial, before = ready.serial, state(b, no)
    check("a page of the open session", operator.page("/unit").status == 200)
    desk(b, "suspend", serial)
    at = time.monotonic()
    time.sleep(0.6)
    status, told, _ = ready.send()
    check("a filing that arrives 0.6 s after the suspension is refused as suspended", (status, told) == (403, "C-007"), f"{status} {told}")
    check("and nothing has changed", state(b, no) == before, state(b, no))
    logged = b.yxkey("login", "--key", "operator-1", "--origin", b.origin, pin=b.key("operator-1")["pin"])
    check("a login is refused at once", logged.returncode == 1 and "C-007" in logged.stderr, logged.stdout + logged.stderr)
    over = wait(lambda: operator.page("/unit", "application/json").status in (401, 403), 5)
    took = time.monotonic() - at
    check("the open session ends within two seconds of the suspension", over and took < 2.0, f"{took:.2f} s")
    a = operator.page("/unit", "application/json")
    check("its next page leads to the login", a.status == 401, f"{a.status} {a.text[:200]}")
    copy = "SELECT status FROM cert WHERE serial = ?"
    check("the database's copy says suspended", wait(lambda: ask(b, copy, serial) == [(2,)], 5), ask(b, copy, serial))
    desk(b, "release", serial)
    check("released, it follows", wait(lambda: ask(b, copy, serial) == [(0,)], 5), ask(b, copy, serial))
    return no


def receipt(b, reviewer, no):
    path = os.path.join(b.dir, "receipt.yxr")
    got = wait(lambda: reviewer.page(f"/review/filings/{no}/receipt").status == 200, 20)
    check("it has a receipt", got, reviewer.page(f"/review/filings/{no}/receipt").text[:300])
    with open(path, "wb") as f:
        f.write(reviewer.page(f"/review/filings/{no}/receipt").body)
    v = subprocess.run([b.program("yinxin-verify"), path], env=b.env, capture_output=True, text=True, timeout=60)
    check("that proves it", v.returncode == 0, v.stdout + v.stderr)


def notary_away(b, no):
    operator = Filer(b, "operator-1")
    ready = Signed(operator, no)
    before, entries = state(b, no), ask(b, "SELECT COUNT(*) FROM log_entry WHERE subject = ?", no)
    notary = b.part("yinxin-notary") or b.part("notary")
    for pid in notary:
        os.kill(pid, signal.SIGSTOP)
    try:
        began = time.monotonic()
        status, told, a = ready.send()
        check("without the notary the act waits and says so", (status, told) == (503, "C-052"), f"{status} {told} {a.text[:200]}")
        check("soon", time.monotonic() - began < 10, time.monotonic() - began)
        check("nothing has changed", state(b, no) == before and ask(b, "SELECT COUNT(*) FROM log_entry WHERE subject = ?", no) == entries)
        check("pages go on", operator.page("/unit").status == 200)
    finally:
        for pid in notary:
            os.kill(pid, signal.SIGCONT)
    status, told, a = ready.send()
    check("the same signature is taken when it is back", status == 200, f"{status} {a.text[:300]}")
    evidence = ask(b, "SELECT ocsp IS NOT NULL FROM log_entry WHERE subject = ? AND kind = 'FILING-SUBMIT'", no)
    check("its status answer was there with the entry", evidence == [(1,)], evidence)
    reviewer = Filer(b, "reviewer-1")
    approve(reviewer, no)
    check("approved", reviewer.json(f"/review/filings/{no}").get("state") == "done")
    receipt(b, reviewer, no)


def signer_away(b):
    """Nobody can say whether a session's certificate is good: no page of it is shown, public ones are."""
    operator = Filer(b, "operator-1")
    check("a page", operator.page("/unit").status == 200)
    signer = b.part("yinxin-signer") or b.part("signer")
    for pid in signer:
        os.kill(pid, signal.SIGSTOP)
    try:
        gone = wait(lambda: operator.page("/unit", "application/json").status == 503, 10)
        check("no session goes on with a word that is too old", gone and code(operator.page("/unit", "application/json")) == "C-052")
        check("public pages do", b.get("/").status == 200 and b.get("/guide").status == 200)
    finally:
        for pid in signer:
            os.kill(pid, signal.SIGCONT)
    check("back as if nothing had been", wait(lambda: operator.page("/unit").status == 200, 10))


def main():
    b = Bureau(sys.argv[1])
    try:
        b.start()
        no = suspended(b)
        notary_away(b, no)
        signer_away(b)
        v = subprocess.run([b.program("yinxin"), "log", "verify"], env=b.env, capture_output=True, text=True, timeout=60)
        check("the log is whole", v.returncode == 0, v.stdout + v.stderr)
        b.stop()
    except Exception:  # a test that breaks off has failed
        traceback.print_exc()
        print(b.logs())
        check("the scenario ran to its end", False)
    finally:
        b.remove()
    print(f"1..{count[0]}")
    return 1 if count[1] else 0


sys.exit(main())
