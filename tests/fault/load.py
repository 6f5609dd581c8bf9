#!/usr/bin/env python3
"""kill -9 under filing load. A bureau of its own; clients file B03 for one constructed person each, over real HTTP with real
signatures, officers approve in bulk, and meanwhile portal, signer, notary, escrow and edge are killed at random and started
again by the supervisor. Every acknowledgement (200 to an act) is kept with its statement's SM3. At the end each of them is
compared with the database (state, event, statement), with `yinxin log verify` and with the registers; a sample of receipts is
fetched and proved by yinxin-verify. Nothing acknowledged may be lost, doubled or unprovable; what was not acknowledged is done
or not, never half. TAP on stdout, last line "N passed, N failed".
usage: load.py BUILD_DIR [--quick] [--seconds N] [--clients N] [--seed N]"""
import argparse
import collections
import http.client
import json
import os
import random
import signal
import sqlite3
import subprocess
import sys
import threading
import time
import traceback
import urllib.parse

sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "lib"))
from bureau import Bureau, shift_of_test  # noqa: E402
from tap import check, count  # noqa: E402

seen = collections.Counter()
seen_lock = threading.Lock()
BULK = 25
VICTIMS = ["yinxin-portal", "yinxin-signer", "yinxin-notary", "yinxin-escrow", "nginx-worker", "nginx-master"]
RESTARTS_ALLOWED = 18  # the supervisor gives a part up after 20
DRAFT, SUBMITTED, ACCEPTED, REVIEW2, DONE = 1, 2, 3, 4, 5
SUBMIT, APPROVE = 2, 6
CHANGED = ("S-012", "S-010", "F-007")  # another officer was quicker, or the page is an old one


def note(what):
    with seen_lock:
        seen[what] += 1


class Transient(Exception):
    """Nobody answered, or somebody said that he cannot now."""


class Refused(Exception):
    """An answer with a code."""

    def __init__(self, code, text):
        super().__init__(f"{code} {text}")
        self.code = code


# --- keys and sessions ---

class Key:
    """One holder: his session, and his key in a process that signs what he is shown."""

    def __init__(self, b, name):
        self.b, self.name = b, name
        b.yxkey("insert", name, check=True)
        self.cookie = b.login(name)
        b.yxkey("remove", name, check=True)
        self.lock = threading.Lock()
        self.csrf = None
        self.process = None
        self.start()

    def start(self):
        self.process = subprocess.Popen([os.path.join(self.b.build, "tests/fault/sign_tool"), os.path.realpath(self.b.data), self.name],
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE)

    def sign(self, text):
        octets = text.encode()
        with self.lock:
            self.process.stdin.write(b"%d\n" % len(octets) + octets)
            self.process.stdin.flush()
            line = self.process.stdout.readline()
        if not line:
            raise AssertionError(f"the key of {self.name} does not sign")
        return json.loads(line)

    def done(self):
        self.process.stdin.close()
        return self.process.wait(timeout=10)


def sm3(text):
    p = subprocess.run(["openssl", "dgst", "-sm3", "-r"], input=text.encode(), capture_output=True, check=True)
    return p.stdout.split()[0].decode()


class Client:
    """A browser of few words: one connection at a time, a session shared with others of the same holder."""

    def __init__(self, key):
        self.key, self.b = key, key.b

    def request(self, method, path, body=None, headers=None):
        h = {"Cookie": self.key.cookie, "Accept": "application/json", "Origin": self.b.origin, **(headers or {})}
        what = path.split("?")[0].rsplit("/", 1)[-1]
        try:
            a = self.b.request(method, path, body=body, headers=h, timeout=30)
        except (OSError, http.client.HTTPException) as e:
            note(f"{what}: {type(e).__name__}")
            raise Transient(f"{path}: {e!r}") from e
        if a.status < 400:
            return a
        try:
            code, text = a.json["error"]["code"], a.json["error"]["text"] + a.json["error"]["remedy"]
        except (ValueError, KeyError, TypeError):
            code, text = f"http {a.status}", a.text[:200]
        note(f"{what}: {code}")
        if code.startswith("http 50") or code in ("S-001", "S-002", "S-004", "S-005", "S-013", "C-052"):
            raise Transient(f"{path}: {code}")
        if code == "F-007":
            self.key.csrf = None
        raise Refused(code, text)

    def token(self, page):
        if self.key.csrf is None:
            self.key.csrf = self.request("GET", page).header("X-Csrf-Token")
        return self.key.csrf

    def form(self, path, fields, page="/filings"):
        body = urllib.parse.urlencode({"csrf": self.token(page), **fields})
        return self.request("POST", path, body, {"Content-Type": "application/x-www-form-urlencoded"})

    def json(self, path, fields, page="/filings"):
        body = json.dumps({"csrf": self.token(page), **fields})
        return self.request("POST", path, body, {"Content-Type": "application/json"}).json


# --- constructed people ---

def id_number(n):
    """Valid and nobody's: region, a birthday, sequence of a man, check digit (GB 11643)."""
    d = n // 400
    body = f"430102{1980 + d // 336 % 20}{1 + d // 28 % 12:02d}{1 + d % 28:02d}{n % 400 * 2 + 1:03d}"
    weights = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
    return body + "10X98765432"[sum(int(d) * w for d, w in zip(body, weights)) % 11]


def name_of(n):
    return "测试" + "".join(chr(0x4E00 + n // p % 1000) for p in (1000, 1))


def beijing(days=0):
    return time.strftime("%Y-%m-%d", time.gmtime(time.time() + shift_of_test() + (days * 24 + 8) * 3600))


def period():
    """The month that a filing counts for now: after the 25th the next one."""
    y, m, d = (int(x) for x in beijing().split("-"))
    m += d > 25
    return f"{y + (m > 12)}{(m - 1) % 12 + 1:02d}"


# --- what was acknowledged ---

class Book:
    def __init__(self):
        self.lock = threading.Lock()
        self.submitted = {}    # filing -> SM3 of its statement
        self.approvals = []    # (SM3, [filing], what the queue's address said: done, failed)
        self.people = {}       # filing -> id number
        self.tried = set()     # SM3 of every statement that was sent

    def told(self, what, *row):
        with self.lock:
            if what == "submit":
                self.submitted[row[0]] = row[1]
            elif what == "approve":
                self.approvals.append(row)
            elif what == "person":
                self.people[row[0]] = row[1]
            elif what == "tried":
                self.tried.add(row[0])


class Filer(Client, threading.Thread):
    number = [0]
    number_lock = threading.Lock()

    def __init__(self, key, book, stop):
        Client.__init__(self, key)
        threading.Thread.__init__(self, daemon=True)
        self.book, self.stop = book, stop
        self.wrong = []
        self.n = 0

    def run(self):
        while not self.stop.is_set() and len(self.wrong) < 3:
            with Filer.number_lock:
                Filer.number[0] += 1
                self.n = Filer.number[0]
            try:
                self.one()
            except Exception:
                self.wrong.append(traceback.format_exc().replace("\n", " | "))

    def patiently(self, fn, until=None):
        """Again after each fault, until it is done or the test ends."""
        while True:
            try:
                return fn()
            except Transient:
                if self.stop.is_set() and (until is None or time.monotonic() > until):
                    raise
                time.sleep(0.02)

    def one(self):
        try:
            a = self.patiently(lambda: self.form("/filings/new", {"business": "B03"}))
            no = a.header("Location").split("/")[2]
            self.book.told("person", no, id_number(self.n))
            self.fill(no)
            self.submit(no)
        except Transient:
            return  # the test is over

    def fill(self, no):
        """A lost answer may hide a save that was done: then the version is another."""
        month, day = period(), beijing()

        def save():
            page = self.request("GET", f"/filings/{no}/form").json
            self.form(f"/filings/{no}/form", {
                "version": page["version"], "go": "next", "period": month, "id_type": "01", "id_no": id_number(self.n),
                "name": name_of(self.n), "gender": "1", "enrol_type": "A", "ins_110": "1", "ins_210": "1", "ins_410": "1",
                "mobile": f"130{self.n:08d}", "start_month": month, "hire_date": day, "contract_type": "2",
                "contract_from": day, "employ_form": "01", "wage": "8765.43"})
        for _ in range(50):
            try:
                return self.patiently(save)
            except Refused as e:
                if e.code not in ("S-012", "F-007"):
                    raise
                time.sleep(0.02)
        raise AssertionError(f"{no} could not be saved")

    def submit(self, no):
        text = self.patiently(lambda: self.json(f"/filings/{no}/text", {"step": "submit"}))["statement"]
        signed = self.key.sign(text)
        digest = sm3(text)
        self.book.told("tried", digest)
        self.patiently(lambda: self.json(f"/filings/{no}/act", {"step": "submit", "statement": text, **signed}))
        self.book.told("submit", no, digest)


class Officer(Client, threading.Thread):
    def __init__(self, key, book, stop):
        Client.__init__(self, key)
        threading.Thread.__init__(self, daemon=True)
        self.book, self.stop = book, stop
        self.wrong = []

    def run(self):
        while not self.stop.is_set() and len(self.wrong) < 3:
            try:
                if not self.bulk():
                    time.sleep(0.1)
            except Transient:
                time.sleep(0.05)
            except Refused as e:
                if e.code not in CHANGED:
                    self.wrong.append(str(e))
            except Exception:
                self.wrong.append(traceback.format_exc().replace("\n", " | "))

    def bulk(self):
        page = self.request("GET", "/review/filings").json
        nos = [f["no"] for f in page["filings"] if f["can_approve"]]
        random.shuffle(nos)
        nos = nos[:BULK]
        if not nos:
            return False
        text = self.json("/review/filings/text", {"step": "approve", "no": ",".join(nos), "opinion": "同意"}, "/review/filings")["statement"]
        signed = self.key.sign(text)
        digest = sm3(text)
        self.book.told("tried", digest)
        for _ in range(200):  # the same statement again and again: it is done once
            try:
                a = self.json("/review/filings/act", {"step": "approve", "statement": text, **signed}, "/review/filings")
            except Transient:
                time.sleep(0.02)
                continue
            said = urllib.parse.parse_qs(urllib.parse.urlparse(a["next"]).query)
            self.book.told("approve", digest, nos, int(said["done"][0]), int(said["failed"][0]))
            return True
        raise AssertionError("no answer to an approval")


# --- killing ---

def offspring(pid):
    """Children of all threads."""
    found = []
    for task in os.listdir(f"/proc/{pid}/task"):
        with open(f"/proc/{pid}/task/{task}/children", encoding="ascii") as f:
            found += [int(p) for p in f.read().split()]
    return found


class Killer(threading.Thread):
    def __init__(self, b, rng, stop, least, every, limit):
        super().__init__(daemon=True)
        self.b, self.rng, self.stop, self.least, self.every, self.limit = b, rng, stop, least, every, limit
        self.kills = collections.Counter()

    def pids(self, who):
        if not who.startswith("nginx"):
            return self.b.part(who)
        with open(os.path.join(self.b.data, "edge/nginx.pid"), encoding="ascii") as f:
            master = int(f.read())
        return [master] if who == "nginx-master" else offspring(master)

    def run(self):
        turn, end = [], time.monotonic() + self.limit
        while not self.stop.is_set() or (time.monotonic() < end and (sum(self.kills.values()) < self.least or any(self.kills[v] == 0 for v in VICTIMS))):
            time.sleep(self.rng.uniform(*self.every))
            if not turn:
                turn = [v for v in VICTIMS if self.kills[v] < RESTARTS_ALLOWED]
                self.rng.shuffle(turn)
            if not turn:
                return
            who = turn.pop()
            try:
                os.kill(self.rng.choice(self.pids(who)), signal.SIGKILL)
                self.kills[who] += 1
            except (OSError, ValueError, IndexError):
                pass  # just being started


# --- the reckoning ---

def database(b, query, *args):
    db = sqlite3.connect(f"file:{os.path.realpath(b.data)}/yinxin.db?mode=ro", uri=True, timeout=10)
    try:
        return db.execute(query, args).fetchall()
    finally:
        db.close()


def compare(b, book):
    state = dict(database(b, "SELECT no, state FROM filing"))
    events = collections.Counter(database(b, "SELECT no, act, statement_sm3 FROM filing_event WHERE statement_sm3 <> ''"))
    statements = {r[0] for r in database(b, "SELECT sm3 FROM filing_statement")}
    lost = [no for no, digest in book.submitted.items()
            if state.get(no, 0) < SUBMITTED or events[(no, SUBMIT, digest)] != 1 or digest not in statements]
    check(f"each of {len(book.submitted)} acknowledged submissions is there, once, with its statement", not lost and book.submitted, str(lost[:5]))
    lost, done = [], 0
    for digest, nos, said_done, said_failed in book.approvals:
        mine = [no for no in nos if events[(no, APPROVE, digest)] == 1]
        done += len(mine)
        if len(mine) != said_done or len(nos) - len(mine) != said_failed or (mine and digest not in statements) or any(state[no] != DONE for no in mine):
            lost.append((digest[:8], len(nos), len(mine), said_done, said_failed))
    check(f"each of {len(book.approvals)} acknowledged bulk approvals did just what it said ({done} filings)", not lost and book.approvals, str(lost[:5]))
    doubled = [k for k, n in events.items() if n != 1]
    check("no statement acted twice on a filing", not doubled, str(doubled[:3]))
    approved = collections.Counter(no for (no, act, _) in events if act == APPROVE)
    finished = {no for no, s in state.items() if s == DONE}
    check("a filing is done when and only when it was approved, and once", finished == set(approved) and all(n == 1 for n in approved.values()),
          str(sorted(finished ^ set(approved))[:3]))
    unknown = statements - book.tried
    check("no statement is there that nobody signed", not unknown, str(list(unknown)[:3]))
    return finished


def registers(b, finished):
    rows = collections.Counter(r[0] for r in database(b, "SELECT filing_no FROM enrolment WHERE valid_to = 0"))
    jobs = collections.Counter(r[0] for r in database(b, "SELECT filing_no FROM employment WHERE valid_to = 0"))
    wages = collections.Counter(r[0] for r in database(b, "SELECT filing_no FROM wage"))
    details = collections.Counter(r[0] for r in database(b, "SELECT filing_no FROM person_detail WHERE valid_to = 0"))
    half = [no for no in set(rows) | set(jobs) | finished if rows[no] != 3 or jobs[no] != 1 or wages[no] != 1 or details[no] != 1 or no not in finished]
    check(f"each of {len(finished)} approved persons is enrolled exactly once, nobody else is", not half, str(half[:5]))
    twice = database(b, "SELECT person_no, ins FROM enrolment WHERE valid_to = 0 GROUP BY person_no, ins HAVING COUNT(*) > 1")
    check("nobody is in an insurance twice", not twice, str(twice[:3]))
    check("the database is sound", database(b, "PRAGMA integrity_check") == [("ok",)] and not database(b, "PRAGMA foreign_key_check"))


def settle(b, limit=30):
    """Until everything that was acknowledged is in a signed head."""
    end = time.monotonic() + limit
    while time.monotonic() < end:
        try:
            waiting = database(b, "SELECT COUNT(*) FROM log_entry WHERE state = 0")[0][0]
            size = database(b, "SELECT COUNT(*) FROM log_entry WHERE state = 1")[0][0]
            head = b.get("/log/head").json
            if waiting == 0 and head["tree_size"] == size:
                return size
        except (OSError, http.client.HTTPException, ValueError, KeyError, sqlite3.Error):
            pass
        time.sleep(0.2)
    return 0


def log_entries(b, book, finished):
    digests = {bytes(r[0]).hex() for r in database(b, "SELECT statement_sm3 FROM log_entry WHERE statement_sm3 IS NOT NULL")}
    told = set(book.submitted.values()) | {a[0] for a in book.approvals if a[2] > 0}
    check("every acknowledged statement is in the log", not told - digests, str(len(told - digests)))
    entries = collections.Counter(database(b, "SELECT subject, kind FROM log_entry WHERE kind IN ('FILING-SUBMIT', 'FILING-APPROVE')"))
    wrong = [k for k, n in entries.items() if n != 1] + [no for no in finished if entries[(no, "FILING-APPROVE")] != 1]
    check("one entry for each act", not wrong, str(wrong[:3]))
    p = subprocess.run([b.program("yinxin"), "log", "verify"], env=b.env, capture_output=True, text=True, timeout=300, check=False)
    check("yinxin log verify finds nothing wrong", p.returncode == 0, (p.stdout + p.stderr)[-600:])


def receipts(b, officer, finished, rng, n):
    root = open(os.path.join(b.data, "root.sm3"), encoding="ascii").read().strip()
    bad, name = [], os.path.join(b.dir, "receipt.yxr")
    sample = rng.sample(sorted(finished), min(n, len(finished)))
    for no in sample:
        for _ in range(40):
            try:
                a = officer.request("GET", f"/review/filings/{no}/receipt")
                break
            except (Transient, Refused):
                a = None
                time.sleep(0.25)
        if a is None:
            bad.append(f"{no}: no receipt")
            continue
        with open(name, "wb") as f:
            f.write(a.body)
        p = subprocess.run([b.program("yinxin-verify"), name, "--root", root], capture_output=True, text=True, env={}, timeout=60, check=False)
        if p.returncode != 0 or "回执有效" not in p.stdout or no not in p.stdout:
            bad.append(f"{no}: {p.stdout[-300:]}{p.stderr[-200:]}")
    check(f"{len(sample)} receipts prove themselves offline", sample and not bad, "; ".join(bad[:2]))


# --- all ---

def load(b, opt, rng):
    book, stop, killing = Book(), threading.Event(), threading.Event()
    operator, officers = Key(b, "operator-1"), [Key(b, "reviewer-1"), Key(b, "reviewer-2")]
    filers = [Filer(operator, book, stop) for _ in range(opt.clients)]
    approvers = [Officer(k, book, stop) for k in officers]
    killer = Killer(b, rng, killing, 6, (0.6, 1.6) if opt.quick else (1.5, 4.5), opt.seconds + 10)
    began = time.monotonic()
    for t in filers + approvers + [killer]:
        t.start()
    time.sleep(opt.seconds)
    killing.set()
    killer.join()
    time.sleep(1)
    stop.set()
    for t in filers + approvers:
        t.join(timeout=60)
    took = time.monotonic() - began
    check("no client hangs", not any(t.is_alive() for t in filers + approvers))
    wrong = [w for t in filers + approvers for w in t.wrong]
    check("every answer was one that is due", not wrong, "; ".join(wrong[:2]))
    total = sum(killer.kills.values())
    print("# killed: " + ", ".join(f"{k} {v}" for k, v in sorted(killer.kills.items())))
    check("at least six kills, every part among them", total >= 6 and all(killer.kills[v] for v in VICTIMS), str(killer.kills))
    print(f"# {took:.1f} s, {len(book.submitted)} submissions ({len(book.submitted) / took:.1f}/s), {len(book.approvals)} bulk approvals, {total} kills")
    check("the log catches up after the last kill", settle(b) > 0)
    finished = compare(b, book)
    registers(b, finished)
    log_entries(b, book, finished)
    receipts(b, approvers[0], finished, rng, 5 if opt.quick else 40)
    for k in [operator] + officers:
        check(f"the key of {k.name} is whole", k.done() == 0)


def main():
    p = argparse.ArgumentParser()
    p.add_argument("build")
    p.add_argument("--quick", action="store_true", help="about 15 seconds of load")
    p.add_argument("--seconds", type=float, default=None)
    p.add_argument("--clients", type=int, default=8)
    p.add_argument("--seed", type=int, default=None)
    opt = p.parse_args()
    opt.seconds = opt.seconds or (9 if opt.quick else 300)
    seed = opt.seed if opt.seed is not None else random.SystemRandom().randrange(1 << 32)
    rng = random.Random(seed)
    print(f"# seed {seed}, {opt.clients} clients, {opt.seconds} s")
    b = Bureau(opt.build)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    try:
        b.start()
        load(b, opt, rng)
        check("the bureau ends cleanly", b.process.poll() is None and b.stop() < 5, str(b.children()))
    except Exception:
        check("the load ran to its end", False, traceback.format_exc().replace("\n", " | "))
    finally:
        if count[1]:
            print("# " + b.logs().replace("\n", "\n# "))
            print("# " + b.output().decode("utf-8", "replace")[-2000:].replace("\n", "\n# "))
        b.remove()
    for what, n in sorted(seen.items()):
        print(f"# {n:5d} x {what}")
    print(f"1..{count[0]}")
    print(f"{count[0] - count[1]} passed, {count[1]} failed")
    return 1 if count[1] else 0


if __name__ == "__main__":
    sys.exit(main())
