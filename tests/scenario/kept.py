#!/usr/bin/env python3
"""Data folders that earlier states of this program left behind (tests/vectors/folders) are taken up by the present one: every
case and filing is in the state it was left in, no row is gone, the log is whole before and after, old receipts still prove
themselves, and what was half done is finished. TAP on stdout.   usage: kept.py BUILD_DIR"""
import json
import os
import shutil
import sqlite3
import subprocess
import sys
import tarfile
import time
import traceback

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.insert(0, os.path.join(ROOT, "tests/lib"))
from bureau import Bureau  # noqa: E402
from filer import Filer  # noqa: E402
from tap import check, count  # noqa: E402

FOLDERS = os.path.join(ROOT, "tests/vectors/folders")
OWNERS = {"signer": "yinxin-signer", "escrow": "yinxin-escrow", "notary": "yinxin-notary"}


def unpack(b, name):
    """As the bureau would have left it on this machine: with system users where root starts it, else all ours."""
    with tarfile.open(os.path.join(FOLDERS, name + ".tar.xz")) as t:
        t.extractall(b.dir, filter="tar") if hasattr(tarfile, "tar_filter") else t.extractall(b.dir)
    for folder, owner in OWNERS.items() if os.getuid() == 0 else ():
        for top, _, files in os.walk(os.path.join(b.data, folder)):
            for path in [top, *(os.path.join(top, f) for f in files)]:
                shutil.chown(path, owner, owner)
    for path in (os.path.join(b.data, n) for n in os.listdir(b.data) if n.startswith("yinxin.db")) if os.getuid() == 0 else ():
        shutil.chown(path, "yinxin-portal", "yinxin-portal")


def set_clock(b, to):
    subprocess.run([b.program("yinxin"), "clock", str(int(to - time.time()))], env=b.env, check=True, capture_output=True, timeout=20)


def rows(b):
    db = sqlite3.connect(f"file:{b.data}/yinxin.db?mode=ro", uri=True)
    try:
        names = {n for (n,) in db.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
        return lambda table: db.execute(f'SELECT COUNT(*) FROM "{table}"').fetchone()[0] if table in names else -1
    except sqlite3.Error:
        db.close()
        raise


def log_is_whole(b, when):
    v = subprocess.run([b.program("yinxin"), "log", "verify"], env=b.env, capture_output=True, text=True, timeout=120)
    check(f"the log is whole {when}", v.returncode == 0, v.stdout + v.stderr)


def receipts(b, left):
    for no in left["receipts"]:
        v = subprocess.run([b.program("yinxin-verify"), "--root", left["root"], os.path.join(b.data, "receipts", no + ".yxr")],
                           capture_output=True, text=True, timeout=60)
        check(f"the receipt of {no} proves itself", v.returncode == 0, v.stdout + v.stderr)


def states(b, left):
    unit = Filer(b, "operator-1")
    for no, state in left["filings"].items():
        check(f"filing {no} is {state}", unit.json(f"/filings/{no}")["state"] == state)
    for no in left["receipts"]:
        a = unit.page(f"/filings/{no}/receipt") if no in left["filings"] else None
        check(f"a receipt of {no} is given again", a is None or a.status == 200 and a.body[:4] != b"", a and a.status)
    clerk = Filer(b, "clerk-1")
    for no, state in left["cases"].items():
        check(f"case {no} is {state}", clerk.json(f"/desk/cases/{no}")["state"] == state)


def finish(b, left):
    """What waits is decided, what was begun is filed; the correction of a done filing takes back what that one wrote."""
    at = {state: [n for n, s in left["filings"].items() if s == state] for state in left["filings"].values()}
    reviewer = Filer(b, "reviewer-1")
    for no in at["submitted"]:
        reviewer.act("/review/filings", "approve", no=no, opinion="同意")
        check(f"{no} is approved", reviewer.json(f"/review/filings/{no}")["state"] == "done")
    second = Filer(b, "reviewer-2")
    for no in at["review2"]:
        second.act("/review/filings", "approve", no=no, opinion="同意")
        check(f"{no} is approved by the second reviewer", second.json(f"/review/filings/{no}")["state"] == "done")
    unit = Filer(b, "operator-1")
    for no in at["returned"] + at["withdrawn"] + at["draft"][:1]:
        unit.act(f"/filings/{no}", "submit")
        check(f"{no} is filed", unit.json(f"/filings/{no}")["state"] == "submitted")
    corrected = [n for n in left["filings"] if unit.json(f"/filings/{n}")["state"] == "corrected"]
    check("the half-done correction is done", len(corrected) == len(at["corrected"]) + 1, corrected)


def one(b, name):
    with open(os.path.join(FOLDERS, name + ".json"), encoding="utf-8") as f:
        left = json.load(f)
    unpack(b, name)
    set_clock(b, left["made"] + 3600)
    b.start()
    count_of = rows(b)
    gone = {t: (n, count_of(t)) for t, n in left["rows"].items() if t != "session" and count_of(t) < n}
    check("no row is gone", not gone, gone)
    log_is_whole(b, "as it was left")
    receipts(b, left)
    states(b, left)
    finish(b, left)
    log_is_whole(b, "after the rest was done")
    b.stop()


def main():
    names = sorted(n[:-5] for n in os.listdir(FOLDERS) if n.endswith(".json"))
    check("there are kept folders", len(names) >= 1)
    for name in names:
        print(f"# {name}")
        b = Bureau(sys.argv[1])
        try:
            one(b, name)
        except Exception:  # a test that breaks off has failed
            traceback.print_exc()
            print(b.logs())
            check(f"{name} was taken up", False)
        finally:
            b.remove()
    print(f"1..{count[0]}")
    return 1 if count[1] else 0


sys.exit(main())
