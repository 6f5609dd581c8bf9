#!/usr/bin/env python3
"""The notary of a running bureau stands still while ten minutes pass on the bureau's clock: what was signed meanwhile waits,
then gets a fresh status answer and a head whose stamp is young enough for a receipt. TAP on stdout.
usage: late.py BUILD_DIR"""
import datetime
import os
import re
import signal
import sqlite3
import subprocess
import sys
import time
import traceback

sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "lib"))
from bureau import Bureau  # noqa: E402
from tap import check, count  # noqa: E402

AWAY_SEC, FRESH_SEC = 600, 300


def ask(b, sql, *args):
    db = sqlite3.connect(f"file:{b.data}/yinxin.db?mode=ro", uri=True, timeout=10)
    try:
        return db.execute(sql, args).fetchall()
    finally:
        db.close()


def wait(what, limit=20):
    end = time.monotonic() + limit
    while not what() and time.monotonic() < end:
        time.sleep(0.2)
    return what()


def produced_at(b, der):
    path = os.path.join(b.dir, "status.der")
    with open(path, "wb") as f:
        f.write(der)
    p = subprocess.run(["openssl", "ocsp", "-respin", path, "-resp_text", "-noverify"], capture_output=True, text=True, timeout=20)
    text = re.search(r"Produced At: (.*) GMT", p.stdout).group(1)
    return datetime.datetime.strptime(text, "%b %d %H:%M:%S %Y").replace(tzinfo=datetime.timezone.utc).timestamp()


def away(b):
    pending = "SELECT COUNT(*) FROM log_entry WHERE state = 0"
    check("all is ordered before", wait(lambda: ask(b, pending)[0][0] == 0))
    last = ask(b, "SELECT MAX(seq) FROM log_entry")[0][0]
    notary = b.part("yinxin-notary") or b.part("notary")
    check("there is a notary to stop", len(notary) >= 1, b.children())
    for pid in notary:
        os.kill(pid, signal.SIGSTOP)
    try:
        clerk = next(k["name"] for k in b.demo["keys"] if k["role"] == "clerk")
        b.yxkey("insert", clerk, check=True)
        b.login(clerk)
        check("the officer's login is written down at once", wait(
            lambda: ask(b, "SELECT COUNT(*) FROM log_entry WHERE seq > ? AND kind = 'LOGIN'", last)[0][0] == 1, 5))
        b.move(AWAY_SEC)
        time.sleep(2)
        check("and waits", ask(b, pending)[0][0] >= 1)
    finally:
        for pid in notary:
            os.kill(pid, signal.SIGCONT)
    check("with the notary back it is ordered", wait(lambda: ask(b, pending)[0][0] == 0, 40), b.logs())
    arrived, index, ocsp = ask(b, "SELECT time, idx, ocsp FROM log_entry WHERE seq > ? AND kind = 'LOGIN'", last)[0]
    head = "SELECT time FROM log_head WHERE size > ? AND stamp IS NOT NULL ORDER BY size LIMIT 1"
    check("under a signed and stamped head", wait(lambda: ask(b, head, index) != []))
    stamped, produced = ask(b, head, index)[0][0], produced_at(b, ocsp)
    check("ten minutes went by", stamped - arrived >= AWAY_SEC - 5, f"{arrived} {stamped}")
    check("its status answer is from after the act and young at the stamp", arrived <= produced and -1 <= stamped - produced <= FRESH_SEC,
          f"{arrived} {produced} {stamped}")
    v = subprocess.run([b.program("yinxin"), "log", "verify"], env=b.env, capture_output=True, text=True, timeout=60)
    check("the log is whole", v.returncode == 0, v.stdout + v.stderr)


def main():
    b = Bureau(sys.argv[1])
    try:
        b.start()
        away(b)
        b.stop()
    except Exception:  # a test that breaks off has failed
        traceback.print_exc()
        check("the scenario ran to its end", False)
    finally:
        b.remove()
    print(f"1..{count[0]}")
    return 1 if count[1] else 0


sys.exit(main())
