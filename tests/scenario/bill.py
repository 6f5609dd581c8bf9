#!/usr/bin/env python3
"""The month's contribution from a real .xlsx to the bill: a thousand persons are uploaded, checked, signed, approved; the total on
the page's JSON twin equals what independent_sheet.py computes from the same file and share/tables, to the fen; the unit's lines
add up to it. Then the clock closes the window: approved by rule. TAP.
With --look the pages are looked at by a browser too (tests/browser/bill.mjs).   usage: bill.py BUILD_DIR [--look]"""
import csv
import datetime
import io
import os
import subprocess
import sys
import time
import traceback

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.insert(0, os.path.join(ROOT, "tests/lib"))
from bureau import CN, Bureau  # noqa: E402
from filer import Filer, approve  # noqa: E402
from tap import check, count  # noqa: E402

TABLES, RISK_CLASS, CLOSE_DAY = os.path.join(ROOT, "share/tables"), "2", 25


def period(b):
    """The month that filings now count for, by the tables' own close day."""
    today = b.now()
    n = today.year * 12 + today.month - 1 + (1 if today.day > CLOSE_DAY else 0)
    return n // 12 * 100 + n % 12 + 1


def independent(path, month):
    run = subprocess.run([sys.executable, os.path.join(ROOT, "tests/unit/insurance/independent_sheet.py"), path, TABLES, str(month), RISK_CLASS],
                         capture_output=True, text=True, check=True, timeout=60)
    return int(run.stdout)


def fen(text):
    return int(text.replace(",", "").replace(".", ""))


def nobody(operator):
    page = operator.page("/unit/bill")
    check("without staff the page says so", page.status == 200 and "单位还没有参保职工" in page.text, page.text[:300])


def thousand(b, month):
    operator = Filer(b, "operator-1")
    nobody(operator)
    path, unit = os.path.join(b.dir, "staff.xlsx"), operator.json("/unit")["unit"]["unit_no"]
    subprocess.run([os.path.join(ROOT, "tools/make-employees"), "-n", "1000", "--seed", "31", "--period", str(month), "--unit", unit, "-o", path],
                   check=True)
    want = independent(path, month)
    no = operator.draft()
    with open(path, "rb") as f:
        octets = f.read()
    a = operator.post_file(f"/filings/{no}/sheet", operator.csrf("/filings"), "sheet", "staff.xlsx", octets,
                           version=operator.version(no), period=month)
    check("a thousand rows are taken", a.status == 200 and a.json.get("rows") == 1000, f"{a.status} {a.text[:400]}")
    faults = operator.page(f"/filings/{no}/faults.csv").text.splitlines()[1:]
    check("none of them has a fault", not faults, "; ".join(faults[:3]))
    began = time.monotonic()
    operator.act(f"/filings/{no}", "submit")
    reviewer = Filer(b, "reviewer-1")
    approve(reviewer, no)
    print(f"# signed twice and approved in {time.monotonic() - began:.1f} s")
    state = reviewer.json(f"/review/filings/{no}").get("state")
    check("approved", state == "done", state)
    return want


def lines(operator, bill, month):
    total, persons, page = 0, 0, 1
    while page:
        v = operator.json(f"/unit/bill/{month}?page={page}")
        total += sum(row["sum_fen"] for row in v["lines"])
        persons += len(v["lines"])
        page = v["following"]
    check("the lines of all pages add up to the total", (persons, total) == (1000, bill["total_fen"]), f"{persons} {total}")
    sums = sum(s["unit_fen"] + s["person_fen"] for s in bill["sums"])
    check("so do the insurances", sums == bill["total_fen"], sums)
    a = operator.page(f"/unit/bill/{month}/lines.csv")
    check("the file begins with a mark of order", a.body[:3] == b"\xef\xbb\xbf" and "attachment" in (a.header("Content-Disposition") or ""))
    rows = list(csv.DictReader(io.StringIO(a.body[3:].decode("utf-8"))))
    check("the file has every person once", len(rows) == 1000 and len({r["个人编号"] for r in rows}) == 1000, len(rows))
    check("and the same total", sum(fen(r["合计"]) for r in rows) == bill["total_fen"])
    check("its numbers are masked", all("********" in r["证件号码"] for r in rows))
    check("no cell is a formula", not any(v[:1] in "=+-@" for r in rows for v in r.values() if v))


def unit_bill(b, month, want):
    operator = Filer(b, "operator-1")
    bill = operator.json(f"/unit/bill/{month}")
    check("the total equals the independent one", bill["total_fen"] == want, f"page {bill['total_fen']}, independent {want}")
    check("a thousand persons", bill["persons"] == 1000, bill["persons"])
    check("marked 待核实", bill["verify"] is True)
    check("on the list too", operator.json("/unit/bill")["bills"][0]["total_fen"] == want)
    unit = operator.json("/unit")
    check("the unit page counts them", (unit["staff_total"], len(unit["staff"])) == (1000, 50), unit["staff_total"])
    lines(operator, bill, month)
    html = operator.page(f"/unit/bill/{month}").text
    check("shown as written", bill["total"] in html and bill["words"] in html and bill["words"].endswith(("分", "角", "整")))
    return operator


def look(b, month):
    operator = Filer(b, "operator-1")
    run = subprocess.run(["node", os.path.join(ROOT, "tests/browser/bill.mjs"), b.origin, operator.cookie, str(count[0] + 1), "/unit", "/unit/bill",
                          f"/unit/bill/{month}"], capture_output=True, text=True, timeout=240)
    print(run.stdout, end="")
    count[0] += sum(line.startswith(("ok", "not ok")) for line in run.stdout.splitlines())
    check("the browser looked", run.returncode == 0, run.stderr[-400:])


def others(b, month):
    """Nobody else sees it."""
    check("not without a login", b.get(f"/unit/bill/{month}").status == 303)
    reviewer = Filer(b, "reviewer-1")
    check("not an officer", reviewer.page(f"/unit/bill/{month}").status == 403)


def close_window(b, month):
    """The day after the window closed, by the bureau's clock: the rule approves, and the next month is open."""
    closing = datetime.datetime(month // 100, month % 100, CLOSE_DAY + 1, 10, tzinfo=CN)
    before = b.get("/log/head").json["tree_size"]
    b.move((closing - b.now()).total_seconds())
    operator = Filer(b, "operator-1")
    bill = operator.json(f"/unit/bill/{month}")
    check("approved by the rule after the window", bill["state"] == "approved", bill["state"])
    following = operator.json("/unit/bill")["bills"][0]
    check("the next month is open", following["month"] == (month + 1 if month % 100 < 12 else month + 89) and following["state"] == "open", following)
    end = time.monotonic() + 10
    while b.get("/log/head").json["tree_size"] <= before and time.monotonic() < end:
        time.sleep(0.2)
    check("the log has grown", b.get("/log/head").json["tree_size"] > before)


def main():
    b = Bureau(sys.argv[1])
    try:
        b.start()
        month = period(b)
        want = thousand(b, month)
        unit_bill(b, month, want)
        if "--look" in sys.argv:
            look(b, month)
        others(b, month)
        close_window(b, month)
        b.stop()
    except Exception:
        traceback.print_exc()
        print(b.logs())
        check("no exception", False)
    finally:
        b.remove()
    print(f"1..{count[0]}")
    sys.exit(1 if count[1] else 0)


main()
