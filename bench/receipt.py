#!/usr/bin/env python3
"""Receipts, proofs and a filing of a thousand rows over HTTP, against a bureau of its own: medians of wall-clock time, sizes, and
`yinxin log verify`.   usage: receipt.py BUILD_DIR"""
import os
import statistics
import subprocess
import sys
import time

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
sys.path.insert(0, os.path.join(ROOT, "tests/lib"))
from bureau import Bureau  # noqa: E402
from filer import Filer, approve  # noqa: E402


def line(name, value, unit, more=""):
    print(f"{name:<46} {value:10.2f} {unit}{more}")
    sys.stdout.flush()


def timed(what, *args, **kw):
    began = time.perf_counter()
    answer = what(*args, **kw)
    return answer, (time.perf_counter() - began) * 1000


def median(name, what, rounds):
    samples, answer = [], None
    for _ in range(rounds):
        answer, ms = timed(what)
        samples.append(ms)
    line(name, statistics.median(samples), "ms", f"  (least {min(samples):.2f}, most {max(samples):.2f})")
    return answer


def file_thousand(b):
    operator = Filer(b, "operator-1")
    unit = operator.json("/unit")["unit"]["unit_no"]
    page = operator.page("/unit/bill").text
    month = page.split("年")[0][-4:] + "%02d" % int(page.split("年")[1].split("月")[0])
    path = os.path.join(b.dir, "staff.xlsx")
    subprocess.run([os.path.join(ROOT, "tools/make-employees"), "-n", "1000", "--seed", "31", "--period", month, "--unit", unit, "-o", path], check=True)
    with open(path, "rb") as f:
        octets = f.read()
    no, token = operator.draft(), operator.csrf("/filings")
    version = operator.version(no)
    answer, ms = timed(operator.post_file, f"/filings/{no}/sheet", token, "sheet", "staff.xlsx", octets, version=version, period=month)
    assert answer.status == 200, answer.text
    line("1,000 rows: upload, read, saved", ms, "ms")
    line("1,000 rows: check page", timed(operator.page, f"/filings/{no}/check")[1], "ms")
    line("1,000 rows: text, agent's window, card, submit", timed(operator.act, f"/filings/{no}", "submit")[1], "ms")
    reviewer = Filer(b, "reviewer-1")
    line("1,000 rows: approval with card and effect", timed(approve, reviewer, no)[1], "ms")
    state = reviewer.json(f"/review/filings/{no}")["state"]
    assert state == "done", state
    operator = Filer(b, "operator-1")
    line("1,000 persons: bill page, computed at once", timed(operator.page, f"/unit/bill/{month}")[1], "ms")
    median("1,000 persons: bill page again", lambda: operator.page(f"/unit/bill/{month}"), 15)
    return operator, no


def when_ready(who, path):
    end = time.monotonic() + 30
    answer = who.page(path)
    while answer.status != 200 and time.monotonic() < end:
        time.sleep(0.3)
        answer = who.page(path)
    assert answer.status == 200, answer.text
    return answer


def receipts(b, who, path, label):
    when_ready(who, path)
    answer = median(f"receipt of {label}, over HTTP", lambda: who.page(path), 15)
    line(f"receipt of {label}, size", len(answer.body) / 1024, "KiB")
    name = os.path.join(b.dir, "receipt.yxr")
    with open(name, "wb") as f:
        f.write(answer.body)
    with open(os.path.join(b.data, "root.sm3"), encoding="ascii") as f:
        root = f.read().strip()
    p = median(f"yinxin-verify of {label}, a process", lambda: subprocess.run([b.program("yinxin-verify"), name, "--root", root], capture_output=True), 15)
    assert p.returncode == 0, p.stdout
    subprocess.run([os.path.join(b.build, "bench/yx_bench_receipt"), name, root], check=True)


def log(b):
    head = b.get("/log/head").json
    size = head["tree_size"]
    turn = iter(range(10**6))
    median("inclusion proof over HTTP", lambda: b.get(f"/log/proof?index={next(turn) % size}&size={size}"), 100)
    b.stop()
    p, ms = timed(subprocess.run, [b.program("yinxin"), "log", "verify"], env=b.env, capture_output=True, text=True)
    assert p.returncode == 0, p.stdout + p.stderr
    line("yinxin log verify, the whole bureau", ms, "ms", f"  ({size} entries)")


def main():
    b = Bureau(sys.argv[1])
    try:
        b.start()
        operator, no = file_thousand(b)
        receipts(b, operator, f"/filings/{no}/receipt", "1,000 rows")
        clerk = Filer(b, "clerk-1")
        case = clerk.page("/desk").text.split("/desk/cases/")[1].split('"')[0]
        receipts(b, clerk, f"/desk/cases/{case}/receipt", "a certificate case")
        log(b)
    finally:
        b.remove()


main()
