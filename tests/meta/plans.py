#!/usr/bin/env python3
"""No page looks through, or sorts, what grows with the years: SQLite's plan of every named statement on the tables as the migrations
make them. Those that do so nevertheless stand below with the bound of what they look at. TAP on stdout.   usage: plans.py BUILD_DIR"""
import os
import re
import sqlite3
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.insert(0, os.path.join(ROOT, "tests/lib"))
from sql import migrations, parameters, statements  # noqa: E402
from tap import check, count  # noqa: E402

# What looks through a table or an index without a key to begin at, or puts rows in order by itself.
LOOKS = r"^SCAN (?!(?:\d+ )?CONSTANT ROW)|TEMP B-TREE"
WHOLE_LOG = "yinxin log verify reads all there is"
BY_INDEX = "the ends of an index, in its order"
BOUNDED = {
    "case_list": "open cases and those of one officer", "case_list_in": "open cases and those of one officer",
    "case_counts": "open cases and those of one officer",
    "filing_queue": "an index of open filings, in its order", "filing_queue_in": "an index of open filings, in its order",
    "filing_chain": "the filings that one corrects",
    "gone_attachment_part": "parts of one filing's files", "cert_of_subject": "certificates of one subject",
    "bill_turn_look": "one row at most", "bill_sums": "one month of one unit", "bill_moves": "one month of one unit", "staff_find": "staff of one unit, by a part of the name", "staff_count": "staff of one unit, in the order of an index",
    "enrolled_in_month": "one unit, by the month's rule", "change_enrolment_written": "what one filing wrote",
    "definition_named": "the versions of definitions, at the start",
    "portal_session_serials": "sessions of now", "session.end_old": "sessions of now", "prelogin.count": "logins of two minutes",
    "prelogin.keep_newest": "logins of one browser",
    "look_list": BY_INDEX, "log_journal_last": BY_INDEX, "log_journal_placed": BY_INDEX, "log_head_last": BY_INDEX, "log_head_last_signed": BY_INDEX,
    "log_work": "pending entries", "log_cover_newest": "rows of one entry",
    **{f"log_{n}": WHOLE_LOG for n in ("cert_all", "cover_count", "cover_own", "cover_strays", "cover_tables", "entry_count", "node_strays", "head_all")},
}


def is_whole_table(name):
    return re.fullmatch(r"cover_\w+_all", name)


def looks(db, sql):
    rows = db.execute("EXPLAIN QUERY PLAN " + sql, [None] * parameters(sql)).fetchall()
    return [detail for *_, detail in rows if re.search(LOOKS, detail)]


def main():
    folder = os.path.join(sys.argv[1], "share/sql")
    db = sqlite3.connect(":memory:")
    for _, sql in migrations(folder):
        db.executescript(sql)
    found = {name: (n, seen) for n, name, sql in statements(folder) if not is_whole_table(name) and (seen := looks(db, sql))}
    faults = [f"{n}: {name}: {'; '.join(seen)}" for name, (n, seen) in found.items() if name not in BOUNDED]
    for f in faults:
        print(f"#   {f}")
    check("statements follow an index to what they want", not faults)
    idle = sorted(set(BOUNDED) - set(found))
    check("the exceptions are needed", not idle, idle)
    seen = looks(db, "SELECT no FROM filing WHERE unit_name = ?1 ORDER BY created")
    check("a scan and a sort are seen", len(seen) == 2, seen)
    print(f"1..{count[0]}")
    return 1 if count[1] else 0


sys.exit(main())
