#!/usr/bin/env python3
"""Makes a kept folder: a bureau of this checkout works for a while, every case and filing is left in another state, receipts are
fetched; then it is stopped and its data folder packed. What was left is written beside it, for tests/scenario/kept.py to compare.
All persons are constructed; the keys and PINs are those of a demonstration that ends with this script.
As an ordinary user: the folder of a bureau that root starts belongs to several system users.
usage: make.py BUILD_DIR OUT     writes OUT.tar.xz and OUT.json"""
import json
import os
import sqlite3
import subprocess
import sys
import tarfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(os.path.dirname(HERE)))
sys.path.insert(0, os.path.join(ROOT, "tests/lib"))
from bureau import Bureau  # noqa: E402
from filer import Filer  # noqa: E402

LEFT_OUT = ("run", "log", "edge", "conf")  # made anew at each start
UNIT = {"profile": "unit", "uscc": "91430100MAYYYY016Y", "unit_no": "10000016", "mobile": "13000000001", "years": "1"}


def id_number(n, sex=1):
    body = f"430102{1980 + n % 20}{1 + n % 12:02d}{1 + n % 28:02d}{n * 2 + sex:03d}"
    weights = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
    return body + "10X98765432"[sum(int(d) * w for d, w in zip(body, weights)) % 11]


def beijing(days=0):
    return time.strftime("%Y-%m-%d", time.gmtime(time.time() + (days * 24 + 8) * 3600))


def months_back(n):
    y, m = int(beijing()[:4]), int(beijing()[5:7]) - 1 - n
    return f"{y + m // 12}{m % 12 + 1:02d}"


# --- the desk ---

class Desk:
    """Cases at the counter, each left where it is told to."""

    def __init__(self, b):
        self.b, self.left = b, {}

    def new(self, n):
        clerk = Filer(self.b, "clerk-1")
        a = clerk.post_form("/desk/new", clerk.csrf("/desk/new"), holder=f"留存测试{'甲乙丙丁戊'[n]}", id_number=id_number(60 + n),
                            letter_no=f"测委〔2026〕{60 + n}号", letter_from=beijing(), letter_to=beijing(300), **UNIT)
        assert a.status == 303, f"{a.status} {a.text[:600]}"
        return a.header("Location").rsplit("/", 1)[1]

    def step(self, who, no, step, **more):
        officer = Filer(self.b, who)
        token = officer.csrf(f"/desk/cases/{no}")
        text = officer.post_json(f"/desk/cases/{no}/text", {"csrf": token, "step": step, **more})["statement"]
        signature, cert = officer.sign(text)
        officer.post_json(f"/desk/cases/{no}/act", {"csrf": token, "step": step, "statement": text, "signature": signature, "cert": cert})

    def all(self):
        for n, (state, steps) in enumerate([
                ("draft", []), ("accepted", [("clerk-1", "accept")]), ("approved", [("clerk-1", "accept"), ("reviewer-1", "approve")]),
                ("returned", [("clerk-1", "accept"), ("reviewer-1", "return")]), ("refused", [("clerk-1", "refuse")])]):
            no = self.new(n)
            for who, step in steps:
                more = {"opinion": "材料不全，请补正"} if step in ("return", "refuse") else {}
                self.step(who, no, step, **more)
            self.left[no] = state
        return self.left


# --- filings ---

class Filings:
    def __init__(self, b):
        self.b, self.left, self.n = b, {}, 0

    def person(self, month, **other):
        self.n += 1
        day = f"{month[:4]}-{month[4:]}-01"
        return {"period": months_back(0), "id_type": "01", "id_no": id_number(self.n), "name": f"留存职工{chr(0x4E00 + self.n)}", "gender": "1",
                "enrol_type": "A", "ins_110": "1", "ins_210": "1", "ins_410": "1", "mobile": f"1390000{self.n:04d}", "start_month": month,
                "hire_date": day, "contract_type": "2", "contract_from": day, "employ_form": "01", "wage": "6543.21", **other}

    def save(self, unit, no, row):
        a = unit.post_form(f"/filings/{no}/form", unit.csrf("/filings"), version=unit.version(no), go="next", **row)
        assert a.status == 303, f"{no}: {a.status} {a.text[:600]}"

    def draft(self, month=None, **other):
        unit = Filer(self.b, "operator-1")
        no = unit.draft()
        self.save(unit, no, self.person(month or months_back(0), **other))
        return no

    def unit(self, no, step, **more):
        Filer(self.b, "operator-1").act(f"/filings/{no}", step, **more)

    def officer(self, who, no, step, **more):
        Filer(self.b, who).act("/review/filings", step, no=no, **more)

    def submitted(self, **kw):
        no = self.draft(**kw)
        self.unit(no, "submit")
        return no

    def done(self):
        no = self.submitted()
        self.officer("reviewer-1", no, "approve", opinion="同意")
        return no

    def correction(self, no):
        unit = Filer(self.b, "operator-1")
        a = unit.post_form(f"/filings/{no}/correct", unit.csrf("/filings"))
        assert a.status == 303, f"{a.status} {a.text[:600]}"
        own = a.header("Location").split("/")[2]
        values = self.values(own)
        values["wage"] = "7654.32"
        self.save(unit, own, values)
        return own

    def values(self, no):
        """What the form shows, as a browser would send it back."""
        from html.parser import HTMLParser

        class Form(HTMLParser):
            def __init__(self):
                super().__init__()
                self.out, self.select = {}, None

            def handle_starttag(self, tag, attrs):
                a = dict(attrs)
                if tag == "select":
                    self.select = a.get("name")
                elif tag == "option" and self.select and "selected" in a:
                    self.out[self.select] = a.get("value", "")
                elif tag == "input" and a.get("name") and a["name"] not in ("csrf", "version", "go"):
                    if a.get("type") not in ("radio", "checkbox"):
                        self.out[a["name"]] = a.get("value") or ""
                    elif "checked" in a:
                        self.out[a["name"]] = a.get("value", "1")

            def handle_endtag(self, tag):
                if tag == "select":
                    self.select = None
        p = Form()
        p.feed(Filer(self.b, "operator-1").page(f"/filings/{no}/form").text)
        return {k: v for k, v in p.out.items() if v}

    def sheet(self):
        unit, path = Filer(self.b, "operator-1"), os.path.join(self.b.dir, "staff.xlsx")
        number = unit.json("/unit")["unit"]["unit_no"]
        subprocess.run([os.path.join(ROOT, "tools/make-employees"), "-n", "20", "--seed", "7", "--period", months_back(0), "--unit", number,
                        "-o", path], check=True)
        no = unit.draft()
        with open(path, "rb") as f:
            a = unit.post_file(f"/filings/{no}/sheet", unit.csrf("/filings"), "sheet", "staff.xlsx", f.read(), version=unit.version(no),
                               period=months_back(0))
        assert a.status == 200, f"{a.status} {a.text[:400]}"
        return no

    def attach(self, no):
        unit = Filer(self.b, "operator-1")
        slot = unit.json(f"/filings/{no}/upload")["slots"][0]["slot"]
        with open(os.path.join(HERE, "page.pdf"), "rb") as f:
            a = unit.post_file(f"/filings/{no}/upload", unit.csrf("/filings"), "file", "contract.pdf", f.read(), version=unit.version(no),
                               slot=slot)
        assert a.status in (200, 303), f"{a.status} {a.text[:400]}"

    def all(self):
        put = self.left.__setitem__
        put(self.draft(), "draft")
        with_file = self.draft()
        self.attach(with_file)
        self.unit(with_file, "submit")
        put(with_file, "submitted")
        done = self.done()
        put(done, "done")
        old = self.done()  # corrected wholly
        new = self.correction(old)
        self.unit(new, "submit")
        self.officer("reviewer-1", new, "approve", opinion="同意")
        put(old, "corrected"), put(new, "done")
        half = self.done()  # half-corrected: the correction waits for its reviewer
        own = self.correction(half)
        self.unit(own, "submit")
        put(half, "done"), put(own, "submitted")
        begun = self.done()  # the correction is a draft
        put(begun, "done"), put(self.correction(begun), "draft")
        back = self.submitted()
        self.officer("reviewer-1", back, "return", reason="合同缺页", defects="合同第 2 页缺失")
        put(back, "returned")
        gone = self.submitted()
        self.unit(gone, "withdraw", reason="填写有误")
        put(gone, "withdrawn")
        late = self.submitted(month=months_back(2))  # back-dated: a second reviewer
        self.officer("reviewer-1", late, "approve", opinion="同意")
        put(late, "review2")
        many = self.sheet()
        self.unit(many, "submit")
        put(many, "submitted")
        put(self.sheet(), "draft")
        return self.left, [done, old, new]


# --- what is left ---

def counted(b):
    db = sqlite3.connect(f"file:{b.data}/yinxin.db?mode=ro", uri=True)
    names = [n for (n,) in db.execute("SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite%' ORDER BY name")]
    out = {n: db.execute(f'SELECT COUNT(*) FROM "{n}"').fetchone()[0] for n in names}
    db.close()
    return {n: c for n, c in out.items() if c and not n.startswith(("web_", "log_node"))}


def receipts(b, filings, case):
    folder = os.path.join(b.data, "receipts")
    os.makedirs(folder, exist_ok=True)
    unit = Filer(b, "operator-1")
    for no in filings:
        a = unit.page(f"/filings/{no}/receipt")
        assert a.status == 200, f"{no}: {a.status} {a.text[:300]}"
        with open(f"{folder}/{no}.yxr", "wb") as f:
            f.write(a.body)
    clerk = Filer(b, "clerk-1")
    a = clerk.page(f"/desk/cases/{case}/receipt")
    assert a.status == 200, f"{case}: {a.status} {a.text[:300]}"
    with open(f"{folder}/{case}.yxr", "wb") as f:
        f.write(a.body)


def wait_ordered(b):
    end = time.monotonic() + 60
    while time.monotonic() < end:
        db = sqlite3.connect(f"file:{b.data}/yinxin.db?mode=ro", uri=True)
        pending = db.execute("SELECT COUNT(*) FROM log_entry WHERE state = 0").fetchone()[0]
        size = db.execute("SELECT MAX(size) FROM log_head WHERE sig IS NOT NULL").fetchone()[0]
        n = db.execute("SELECT COUNT(*) FROM log_entry WHERE state <> 0").fetchone()[0]
        db.close()
        if pending == 0 and size == n:
            return
        time.sleep(0.2)
    raise AssertionError("the log is not ordered")


def pack(b, out):
    def keep(info):
        top = info.name.split("/")[1] if "/" in info.name else ""
        info.uid = info.gid = 0
        info.uname = info.gname = ""
        return None if top in LEFT_OUT else info
    with tarfile.open(out + ".tar.xz", "w:xz", preset=9) as t:
        t.add(os.path.realpath(b.data), "var", filter=keep)


def main():
    build, out = sys.argv[1:]
    b = Bureau(build)
    try:
        b.start()
        left = {"made": int(time.time()), "cases": Desk(b).all()}
        left["filings"], with_receipt = Filings(b).all()
        case = next(no for no in left["cases"] if left["cases"][no] == "approved")
        wait_ordered(b)
        receipts(b, with_receipt, case)
        left["receipts"] = with_receipt + [case]
        wait_ordered(b)
        left["root"] = open(f"{b.data}/root.sm3", encoding="ascii").read().strip()
        v = subprocess.run([b.program("yinxin"), "log", "verify"], env=b.env, capture_output=True, text=True, timeout=60)
        assert v.returncode == 0, v.stdout + v.stderr
        b.stop()
        left["rows"] = counted(b)
        pack(b, out)
        with open(out + ".json", "w", encoding="utf-8") as f:
            json.dump(left, f, ensure_ascii=False, indent=1)
            f.write("\n")
    except Exception:
        print(b.logs())
        raise
    finally:
        b.remove()


main()
