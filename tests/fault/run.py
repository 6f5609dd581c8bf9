#!/usr/bin/env python3
"""Faults while certificates are being issued: kill -9 of every process at random moments, a full disk, a clock that jumps
back. Cases are driven over HTTP without a browser: sessions by yxkey login, officers' and holders' keys by status_tool, and
in the rounds for agent and yxcard through the agent's loopback interface. After each round every case has come to its end,
no serial or key occurs twice, every certificate of the database is in the signer's journal and good, and nothing that was
acknowledged is lost. TAP on stdout, last line "N passed, N failed".
usage: run.py BUILD_DIR [--quick] [--seed N] [--rounds N] [PART...]"""
import argparse
import collections
import http.client
import json
import os
import random
import re
import signal
import sqlite3
import subprocess
import sys
import threading
import time
import traceback
import urllib.parse

sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "lib"))
from bureau import Bureau  # noqa: E402
from tap import check, count  # noqa: E402

PIN = "x7Kq2026"  # at most eight: a key of the demonstration
RANK = {"draft": 1, "accepted": 2, "approved": 3, "making": 4, "issued": 5, "done": 6}
RESTARTS_ALLOWED = 18  # the supervisor gives a part up after 20
seen = collections.Counter()  # answers that were not plain success


class Transient(Exception):
    """A fault after which the driver looks at the case anew and goes on."""


class Refused(Exception):
    """An answer that a retry does not mend."""


# --- what a person does with keys: by the tool, or through the agent ---

class Hand:
    def __init__(self, b):
        self.b = b

    def run(self, *args, given=""):
        p = subprocess.run([os.path.join(self.b.build, "tests/fault/status_tool"), self.b.data, *args], input=given,
                           capture_output=True, text=True, timeout=60, check=False)
        if p.returncode == 0:
            return json.loads(p.stdout)
        code = p.stderr[:5]
        seen[f"tool {args[0]} {code}"] += 1
        raise (Transient if code in ("S-013", "S-005", "S-002", "C-052") else Refused)(f"{args[0]}: {p.stderr.strip()}")

    def sign(self, key, text):
        return self.run("sign", key, given=text)

    def generate(self, card, case, approval):
        try:
            return self.run("generate", card, approval, given=PIN + "\n")
        except Refused as e:
            if not str(e).startswith("generate: K-0"):
                raise
            # Born, but what came of it was lost on the way: back to blank, once more.
            self.run("discard", card, given=PIN + "\n")
            raise Transient("discarded") from e

    def install(self, card, case, parcel):
        return self.run("install", card, given=json.dumps({"pin": PIN, **{k: parcel[k] for k in ("sign_cert", "enc_cert", "enveloped")}}))

    def begin(self, card):
        pass

    def done(self):
        pass


class AgentHand(Hand):
    """The same through the agent's interface, as the pages do it: the officer's key in one slot, the holder's in the other."""

    def __init__(self, b):
        super().__init__(b)
        self.card = None

    def begin(self, card):
        self.card = card

    def slots(self, *names):
        for _ in range(50):
            p = self.b.yxkey("list", "--json")
            have = {k["name"] for k in json.loads(p.stdout)} if p.returncode == 0 else None
            if have == set(names):
                return
            for n in (have or set()) - set(names):
                self.b.yxkey("remove", n)
            for n in set(names) - (have or set()):
                self.b.yxkey("insert", n)
            time.sleep(0.05)
        raise Transient("slots")

    def call(self, method, path, body=None, origin=None, timeout=30):
        c = http.client.HTTPConnection("127.0.0.1", self.b.agent_port, timeout=timeout)
        try:
            c.request(method, path, body=json.dumps(body) if body is not None else None,
                      headers={"Content-Type": "application/json", "Origin": origin or self.b.origin})
            r = c.getresponse()
            return json.loads(r.read())
        except (OSError, http.client.HTTPException, ValueError) as e:
            seen[f"agent {type(e).__name__}"] += 1
            raise Transient(f"agent: {e!r}") from e
        finally:
            c.close()

    def serial(self, name, wanted=None):
        end = time.monotonic() + 8
        rows = json.loads(self.b.yxkey("list", "--json").stdout or "[]")
        serial = next((k["serial"] for k in rows if k["name"] == name), None)
        while serial and time.monotonic() < end:
            key = next((k for k in self.call("GET", "/v1/status").get("keys", []) if k["serial"] == serial), None)
            if key and (wanted is None or key["state"] in wanted):
                return key
            time.sleep(0.1)
        raise Transient(f"agent does not see {name}")

    def ask(self, path, body, pin):
        window = f"{random.getrandbits(128):032x}"
        out, own = {}, f"http://127.0.0.1:{self.b.agent_port}"

        def post():
            try:
                out.update(self.call("POST", path, {"window": window, **body}))
            except Transient as e:
                out["lost"] = str(e)

        t = threading.Thread(target=post)
        t.start()
        answered = None
        while t.is_alive():
            try:
                job = self.call("GET", f"/window/job?id={window}", origin=own, timeout=5)
                if job.get("state") == "ask" and job["token"] != answered:
                    fill = {"pin": pin} if job["need"] == "pin" else {"pin": pin, "pin2": pin} if job["need"] == "newpin" else {}
                    self.call("POST", "/window/answer", {"id": window, "token": job["token"], "key": job["keys"][0]["serial"], **fill}, origin=own)
                    answered = job["token"]
            except Transient:
                pass
            t.join(0.05)
        if "lost" in out:
            raise Transient(out["lost"])
        if "error" in out:
            code = out["error"]["code"]
            seen[f"agent {path} {code}"] += 1
            kind = Transient if code in ("K-001", "K-010", "K-012", "K-017", "K-023", "L-203", "S-004", "S-005", "S-013") else Refused
            raise kind(f"agent {path}: {code} {out['error']['text']}")
        return out

    def sign(self, key, text):
        self.slots(key, self.card)
        k = self.serial(key, ("ready",))
        return self.ask("/v1/sign", {"statement": text, "key": k["serial"]}, self.b.key(key)["pin"])

    def generate(self, card, case, approval):
        self.slots("maker-1", card)
        k = self.serial(card, ("blank", "awaiting"))
        if k["state"] == "awaiting":
            self.ask("/v1/card/discard", {"case": case, "key": k["serial"]}, PIN)
            raise Transient("discarded")
        return self.ask("/v1/card/new", {"case": case, "approval": approval, "unit": "", "holder": "测试", "key": k["serial"]}, PIN)

    def install(self, card, case, parcel):
        self.slots("maker-1", card)
        k = self.serial(card, ("awaiting", "ready"))
        if k["state"] == "ready":  # written, and only the answer was lost
            return {"cert_serial": k["cert_serial"]}
        return self.ask("/v1/card/install", {"case": case, "key": k["serial"],
                        **{n: parcel[n] for n in ("sign_cert", "enc_cert", "enveloped")}}, PIN)

    def done(self):
        self.slots()


# --- the desk over HTTP ---

class Desk:
    def __init__(self, b):
        self.b = b
        self.cookies, self.csrf = {}, {}

    def log_in(self, *names):
        for n in names:
            self.b.yxkey("insert", n, check=True)
            self.cookies[n] = self.b.login(n)
            self.csrf.pop(n, None)
            self.b.yxkey("remove", n, check=True)

    def judge(self, a, what):
        if a.status < 400:
            return a
        try:
            code = a.json["error"]["code"]
            told = bool(a.json["error"]["text"] and a.json["error"]["remedy"])
        except (ValueError, KeyError, TypeError):
            code, told = f"http {a.status}", a.status in (502, 503, 504)  # the edge answers while the portal is away
        seen[f"{what.split('/')[-1]} {code}"] += 1
        if not told:
            raise Refused(f"{what}: {a.status} without code and remedy: {a.text[:200]}")
        transient = code in ("S-001", "S-002", "S-004", "S-005", "S-010", "S-012", "S-013", "C-052") or code.startswith("http 50")
        raise (Transient if transient else Refused)(f"{what}: {code} {a.text[:200]}")

    def request(self, who, method, path, body=None, headers=None):
        h = {"Cookie": self.cookies[who], "Accept": "application/json", "Origin": self.b.origin, **(headers or {})}
        try:
            a = self.b.request(method, path, body=body, headers=h, timeout=40)
        except (OSError, http.client.HTTPException) as e:
            seen[f"{path.split('/')[-1]} {type(e).__name__}"] += 1
            raise Transient(f"{path}: {e!r}") from e
        return self.judge(a, path)

    def get(self, who, path):
        a = self.request(who, "GET", path)
        self.csrf[who] = a.header("X-Csrf-Token")
        return a.json

    def post(self, who, path, body, form=False):
        if who not in self.csrf:
            self.get(who, "/desk")
        body = {"csrf": self.csrf[who], **body}
        data = urllib.parse.urlencode(body) if form else json.dumps(body)
        kind = "application/x-www-form-urlencoded" if form else "application/json"
        a = self.request(who, "POST", path, data, {"Content-Type": kind})
        return a if form else a.json


def id_number(n):
    """Valid and nobody's: region, a birthday, sequence, check digit (GB 11643)."""
    body = f"430102{1930 + n // 900 % 60}0307{100 + n % 900:03d}"
    weights = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
    return body + "10X98765432"[sum(int(d) * w for d, w in zip(body, weights)) % 11]


class Case:
    """One new certificate for a person, from the clerk's line to the key, whatever dies meanwhile."""
    number = [0]

    def __init__(self, desk, hand, card):
        Case.number[0] += 1
        self.desk, self.hand, self.card = desk, hand, card
        self.person = Case.number[0]
        self.holder = "测试" + chr(0x4E00 + self.person)
        self.no = None
        self.acked = 0       # rank of the furthest state that the portal has confirmed
        self.born = None
        self.serial = None
        self.lost = []
        self.tries = collections.Counter()

    def open(self):
        form = {"profile": "person", "unit_no": "", "uscc": "", "holder": self.holder, "id_number": id_number(self.person),
                "mobile": f"130{self.person:08d}", "letter_no": "", "letter_from": "", "letter_to": "", "years": "1"}
        try:
            a = self.desk.post("clerk-1", "/desk/new", form, form=True)
            self.no = (a.header("Location") or "").rsplit("/", 1)[-1]
        except Refused as e:
            if "C-027" not in str(e):
                raise
            self.no = database(self.desk.b, "SELECT case_no FROM cert_case WHERE holder = ?", self.holder)[0][0]  # the answer was lost

    def path(self, tail=""):
        return f"/desk/cases/{self.no}{tail}"

    def state(self):
        page = self.desk.get("clerk-1", self.path())  # his own from the draft on; the maker sees what has come to him
        if page["state"] in ("approved", "making", "issued", "done"):
            page = self.desk.get("maker-1", self.path())
        rank = RANK.get(page["state"], 0)
        if rank < self.acked:
            self.lost.append(f"{self.no} is {page['state']} after rank {self.acked} was acknowledged")
        return page

    def ack(self, state):
        self.acked = max(self.acked, RANK[state])

    def act(self, who, step, then):
        text = self.desk.post(who, self.path("/text"), {"step": step})["statement"]
        signed = self.hand.sign(who, text)
        self.desk.post(who, self.path("/act"), {"step": step, "statement": text, "signature": signed["signature"], "cert": signed["cert"]})
        self.ack(then)

    def bear(self, page):
        if self.born is None:
            approval = page["make"]["approval"]
            self.born = self.hand.generate(self.card, self.no, approval)
        b = self.born
        self.desk.post("maker-1", self.path("/born"), {"card": b["card"], "key": b["key"], "csr": b["csr"], "attestation": b["attestation"]})
        self.ack("making")

    def write(self):
        parcel = self.desk.post("maker-1", self.path("/parcel"), {})
        try:
            serial = self.hand.install(self.card, self.no, parcel)["cert_serial"]
        except Refused as e:
            if not self.tries["install"] or not re.search(r"install: K-0(07|09|15)", str(e)):
                raise
            serial = self.hand.run("cert", self.card)["serial"]  # it was written; the answer was lost
        if self.serial not in (None, serial):
            self.lost.append(f"{self.no}: certificate {self.serial} became {serial}")
        self.serial = serial
        self.tries["install"] += 1
        self.desk.post("maker-1", self.path("/installed"), {"cert_serial": serial})
        self.ack("done")

    def step(self):
        if not self.no:
            self.open()
            self.ack("draft")
            return False
        page = self.state()
        s = page["state"]
        if s == "draft":
            self.act("clerk-1", "accept", "accepted")
        elif s == "accepted":
            self.act("reviewer-1", "approve", "approved")
        elif s == "approved":
            self.bear(page)
        elif s == "making" and page.get("reissue"):
            self.desk.post("maker-1", self.path("/issue"), {}, form=True)
            self.ack("issued")
        elif s == "making":
            self.act("maker-1", "make", "issued")
        elif s == "issued":
            self.write()
        return s == "done"

    def drive(self, limit=60):
        """To the end, or an exception; transient faults are waited out."""
        end, last = time.monotonic() + limit, None
        self.hand.begin(self.card)
        while time.monotonic() < end:
            try:
                if self.step():
                    self.hand.done()
                    return
            except Transient as e:
                last = e
                time.sleep(0.05)
        raise AssertionError(f"case {self.no} did not come to its end within {limit} s; last: {last}")


def database(b, query, *args):
    db = sqlite3.connect(f"file:{os.path.realpath(b.data)}/yinxin.db?mode=ro", uri=True, timeout=10)
    try:
        return db.execute(query, args).fetchall()
    finally:
        db.close()


# --- what must hold after every round ---

def patiently(fn, limit=20):
    end = time.monotonic() + limit
    while True:
        try:
            return fn()
        except (Transient, OSError, http.client.HTTPException) as e:
            if time.monotonic() > end:
                raise AssertionError(f"not back within {limit} s: {e}") from e
            time.sleep(0.1)


def invariants(b, hand, cases, name):
    tool = Hand(b)
    journal = patiently(lambda: tool.run("journal"))
    serials = [c["serial"] for c in journal["certs"]]
    keys = [c["key"] for c in journal["certs"]]
    check(f"{name}: no serial twice in the journal", len(serials) == len(set(serials)), str([s for s, n in collections.Counter(serials).items() if n > 1]))
    check(f"{name}: no key certified twice", len(keys) == len(set(keys)), str(len(keys) - len(set(keys))))
    rows = database(b, "SELECT serial, subject, case_no, card FROM cert")
    unknown = [r[0] for r in rows if r[0] not in set(serials)]
    check(f"{name}: every certificate of the database is in the journal", not unknown, str(unknown))
    held = {r[0] for r in rows}
    people = {r[1] for r in rows}
    orphans = [c["serial"] for c in journal["certs"] if c["subject"] in people and c["serial"] not in held]
    check(f"{name}: the journal holds no pair that the database has not", not orphans, str(orphans))
    bad = []
    for c in cases:
        own = [r[0] for r in rows if r[2] == c.no]
        state = patiently(lambda c=c: tool.run("status", c.serial))["status"] if c.serial else "no serial"
        on_card = patiently(lambda c=c: tool.run("cert", c.card))["serial"]
        if len(own) != 2 or state != "good" or c.serial not in own or on_card != c.serial:
            bad.append(f"{c.no}: certificates {own}, status {state}, serial {c.serial}, on the card {on_card}")
    check(f"{name}: each case has one pair, good, and its card holds it", not bad, "; ".join(bad))
    lost = [x for c in cases for x in c.lost]
    check(f"{name}: nothing acknowledged was lost", not lost, "; ".join(lost))
    numbers = [r[0] for r in database(b, "SELECT case_no FROM cert_case")]
    check(f"{name}: no case number twice, the database is sound", len(numbers) == len(set(numbers))
          and database(b, "PRAGMA integrity_check") == [("ok",)])


# --- killing ---

def offspring(pid):
    """Children of all threads."""
    found = []
    for task in os.listdir(f"/proc/{pid}/task"):
        try:
            with open(f"/proc/{pid}/task/{task}/children", encoding="ascii") as f:
                found += [int(p) for p in f.read().split()]
        except OSError:
            continue
    return found


def victims(b):
    """name -> process ids now."""
    found = {}
    for pid, name in b.children().items():
        try:
            with open(f"/proc/{pid}/cmdline", "rb") as f:
                line = f.read().replace(b"\0", b" ").decode("utf-8", "replace")
        except OSError:
            continue
        if name.startswith("nginx"):
            found.setdefault("nginx-master" if "master" in line else "nginx-worker", []).append(pid)
        elif "--skf-helper" not in line:
            found.setdefault(name, []).append(pid)
    for agent in found.get("yinxin-agent", []):
        found.setdefault("skf-helper", []).extend(offspring(agent))
    return found


class Killer:
    def __init__(self, b, rng):
        self.b, self.rng = b, rng
        self.kills = collections.Counter()
        self.widowed = []  # workers whose master was killed

    def outlived(self, limit=5):
        """Workers of a killed master that still live, and with them the port; ended here, so that the rounds can go on."""
        end, left = time.monotonic() + limit, self.widowed
        while left and time.monotonic() < end:
            left = [p for p in left if self.is_worker(p)]
            time.sleep(0.05)
        for p in left:
            os.kill(p, signal.SIGKILL)
        self.widowed = []
        return left

    @staticmethod
    def is_worker(pid):
        try:
            with open(f"/proc/{pid}/cmdline", "rb") as f:
                return f.read().startswith(b"nginx: worker")
        except OSError:
            return False

    def nginx_pids(self):
        with open(os.path.join(self.b.data, "edge/nginx.pid"), encoding="ascii") as f:
            master = int(f.read())
        return master, offspring(master)

    def kill(self, who):
        if who.startswith("nginx"):
            master, workers = self.nginx_pids()
            pids = [master] if who == "nginx-master" else workers
            if who == "nginx-master":
                self.widowed += workers
        else:
            pids = victims(self.b).get(who, [])
        if not pids:
            return False
        try:
            os.kill(self.rng.choice(pids), signal.SIGKILL)
        except ProcessLookupError:
            return False
        self.kills[who] += 1
        return True

    def soon(self, who, delay):
        def strike():
            time.sleep(delay)
            for _ in range(20):
                try:
                    if self.kill(who):
                        return
                except (OSError, ValueError):
                    pass
                time.sleep(0.05)
        t = threading.Thread(target=strike)
        t.start()
        return t


def drive_all(cases, limit=60):
    """Side by side; returns what went wrong."""
    wrong = []

    def one(c):
        try:
            c.drive(limit)
        except Exception as e:
            wrong.append(f"{c.no or c.holder}: {type(e).__name__} {e}")

    threads = [threading.Thread(target=one, args=(c,)) for c in cases]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    return wrong


class Cards:
    """New blank cards by the dozen."""

    def __init__(self, b):
        self.b, self.free, self.made = b, [], 0

    def take(self):
        if not self.free:
            prefix, n = f"fault{self.made}", 12
            patiently(lambda: Hand(self.b).run("stock", prefix, str(26100001 + self.made * n), str(n)))
            self.free = [f"{prefix}-{i + 1}" for i in range(n)]
            self.made += 1
        return self.free.pop(0)


SERVERS = ["yinxin-portal", "yinxin-signer", "yinxin-escrow", "nginx-worker", "nginx-master"]
CLIENTS = ["yinxin-agent", "yxcard", "skf-helper"]


def kills(b, opt, rng):
    desk, cards, killer = Desk(b), Cards(b), Killer(b, rng)
    desk.log_in("clerk-1", "reviewer-1", "maker-1")
    tool, agent = Hand(b), AgentHand(b)
    began = time.monotonic()
    warm = Case(desk, tool, cards.take())
    warm.drive()
    took = time.monotonic() - began
    print(f"# a case takes {took:.2f} s")
    for n in range(opt.rounds):
        for who in SERVERS:
            name = f"round {n + 1}, {who} killed"
            pair = [Case(desk, tool, cards.take()), Case(desk, tool, cards.take())]
            strikes = [killer.soon(who, rng.uniform(0, 1.2 * took))]
            if n % 2 and killer.kills[who] + 2 < RESTARTS_ALLOWED:
                strikes.append(killer.soon(rng.choice(SERVERS), rng.uniform(0, 2 * took)))
            wrong = drive_all(pair)
            for s in strikes:
                s.join()
            if killer.widowed:
                left = killer.outlived()
                check(f"{name}: no worker of nginx outlives its master", not left, f"{len(left)} hold the port")
            check(f"{name}: both cases came to their end", not wrong, "; ".join(wrong))
            patiently(lambda: desk.get("clerk-1", "/desk"))
            invariants(b, tool, [c for c in pair if c.acked == RANK["done"]], name)
        for who in CLIENTS:
            name = f"round {n + 1}, {who} killed"
            case = Case(desk, agent, cards.take())
            strike = killer.soon(who, rng.uniform(0, 4 * took))
            wrong = drive_all([case])
            strike.join()
            check(f"{name}: the case came to its end", not wrong, "; ".join(wrong))
            patiently(lambda: agent.slots())
            invariants(b, agent, [case] if case.acked == RANK["done"] else [], name)
        if max(killer.kills.values(), default=0) >= RESTARTS_ALLOWED:
            break
    check("every process was killed at least once", all(killer.kills[w] for w in SERVERS + CLIENTS), str(killer.kills))
    print("# killed: " + ", ".join(f"{k} {v}" for k, v in sorted(killer.kills.items())))
    b.yxkey("insert", "reviewer-1", check=True)
    check("after all of it a login works", b.login("reviewer-1").startswith("yx_session_"))
    b.yxkey("remove", "reviewer-1", check=True)


# --- full disk ---

def fill(path):
    """Takes what is left."""
    fd, size = os.open(path, os.O_WRONLY | os.O_CREAT, 0o600), 1 << 20
    while size:
        try:
            os.write(fd, bytes(size))
        except OSError:
            size //= 2
    os.close(fd)


def signed_only(c, killer):
    """The maker's act is stored, but the signer was away when it should issue."""
    text = c.desk.post("maker-1", c.path("/text"), {"step": "make"})["statement"]
    signed = c.hand.sign("maker-1", text)
    killer.kill("yinxin-signer")
    try:
        c.desk.post("maker-1", c.path("/act"), {"step": "make", "statement": text, "signature": signed["signature"], "cert": signed["cert"]})
    except Transient:
        patiently(lambda: c.hand.run("crl"))
        return bool(c.state().get("reissue"))
    return False


def full_disk(build, opt, rng):
    if os.getuid() != 0:
        print("# skip full disk: not root, so no file system of its own can be mounted")
        return
    b = Bureau(build)
    os.makedirs(b.data)
    p = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64m,mode=0755", "tmpfs", b.data], capture_output=True, text=True, check=False)
    if p.returncode != 0:
        print(f"# skip full disk: {p.stderr.strip()}")
        b.remove()
        return
    try:
        b.start()
        desk, tool = Desk(b), Hand(b)
        desk.log_in("clerk-1", "reviewer-1", "maker-1")
        cards, killer = Cards(b), Killer(b, rng)
        filler = os.path.join(b.data, "filler")
        for stop_at in ("draft", "accepted", "approved", "making", "signed", "issued"):
            c = Case(desk, tool, cards.take())
            while not c.no or c.state()["state"] != stop_at.replace("signed", "making"):
                c.step()
            if stop_at == "signed" and not signed_only(c, killer):
                print("# the signer was back too soon; not tried: disk full at the issuing")
                continue
            fill(filler)
            told, answers = True, []
            for _ in range(6):
                try:
                    if c.step():
                        break
                except Transient as e:
                    answers.append(str(e)[:120])
                except Refused as e:
                    answers.append(str(e)[:200])
                    told = told and "without code" not in str(e)
            check(f"disk full at {stop_at}: each answer has a code and a remedy", told, " | ".join(answers))
            pages = {path: b.get(path) for path in ("/", "/guide", "/login", "/cert", "/healthz")}
            bad = {path: f"{a.status} {' '.join(a.text.split())[:600]}" for path, a in pages.items() if a.status != 200}
            check(f"disk full at {stop_at}: pages can still be read", not bad, str(bad))
            print(f"# disk full at {stop_at}: {answers[0] if answers else 'nothing was refused'}")
            os.unlink(filler)
            try:
                c.drive(40)
                check(f"room again after {stop_at}: the case comes to its end", True)
            except Exception as e:
                check(f"room again after {stop_at}: the case comes to its end", False, str(e))
                killer.kill("yinxin-signer")
                wrong = drive_all([c], 40)
                check(f"room again after {stop_at}, signer started anew: the case comes to its end", not wrong, "; ".join(wrong))
            invariants(b, tool, [c] if c.acked == RANK["done"] else [], f"after a full disk at {stop_at}")
        print("# parts after the full disks: " + b.output().decode("utf-8", "replace").count("意外退出").__str__() + " restarts")
        check("the bureau ends cleanly", b.stop() < 5)
    finally:
        if b.process and b.process.poll() is None:
            b.stop()
        subprocess.run(["umount", b.data], check=False)
        b.remove()


# --- cards changed quickly ---

def swap(b, opt, rng):
    """A card that the agent keeps open for its certificates leaves, and at once another lies in its slot."""
    desk, agent = Desk(b), AgentHand(b)
    desk.log_in("clerk-1", "reviewer-1", "maker-1")
    c = Case(desk, Hand(b), "blank-1")
    while not c.no or c.state()["state"] != "approved":
        c.step()
    c.hand = agent
    agent.begin("blank-1")
    c.step()  # born; its channel is kept for ten minutes
    b.yxkey("remove", "maker-1", check=True)
    slot = json.loads(b.yxkey("list", "--json").stdout)[0]["slot"]
    b.yxkey("remove", "blank-1", check=True)
    b.yxkey("insert", "maker-1", slot, check=True)
    try:
        check("another card in the slot of one that awaits its certificates: the agent sees it", agent.serial("maker-1", ("ready",))["serial"])
    except Transient as e:
        check("another card in the slot of one that awaits its certificates: the agent sees it", False, f"{e}; {agent.call('GET', '/v1/status')}")
        b.yxkey("remove", "maker-1", check=True)
        time.sleep(1)
    wrong = drive_all([c], 30)
    check("and the case comes to its end", not wrong, "; ".join(wrong))
    invariants(b, agent, [c] if c.acked == RANK["done"] else [], "swap")


# --- clock ---

def set_clock(b, offset):
    subprocess.run([b.program("yinxin"), "clock", str(offset)], env=b.env, check=True)


def taken_back(desk, case):
    """A case that the signer will never accept must not stand in its holder's way for ever."""
    for who, step in (("reviewer-1", "return"), ("maker-1", "return"), ("clerk-1", "refuse")):
        try:
            text = desk.post(who, case.path("/text"), {"step": step, "opinion": "审批已过时限"})["statement"]
            signed = case.hand.sign(who, text)
            desk.post(who, case.path("/act"), {"step": step, "statement": text, "signature": signed["signature"], "cert": signed["cert"]})
        except (Refused, Transient):
            continue
        if case.desk.get(who, case.path())["state"] in ("returned", "refused", "draft"):
            return True
    return False


def clock_jump(b, opt, rng):
    """Two hours ahead first, so that an hour back is not before the bureau was made."""
    desk, tool = Desk(b), Hand(b)
    set_clock(b, 7200)
    desk.log_in("clerk-1", "reviewer-1", "maker-1")
    ahead = Case(desk, tool, "blank-1")
    while ahead.state()["state"] != "accepted" if ahead.no else True:
        ahead.step()
    set_clock(b, 3600)
    # Further ahead than the idle limit: nobody knows how long it has been idle (src/web/session.c).
    check("clock an hour back: the session of a time to come is over", b.get("/desk", cookie=desk.cookies["clerk-1"]).status == 303)
    b.yxkey("insert", "clerk-1", check=True)
    try:
        check("clock an hour back: a login works", b.login("clerk-1").startswith("yx_session_"))
    except AssertionError as e:
        check("clock an hour back: a login works", False, str(e))
    b.yxkey("remove", "clerk-1", check=True)
    desk.log_in("clerk-1", "reviewer-1", "maker-1")
    fresh = Case(desk, tool, "blank-2")
    try:
        fresh.drive(30)
        check("clock an hour back: a case opened afterwards comes to its end", True)
    except Exception as e:
        check("clock an hour back: a case opened afterwards comes to its end", False, str(e))
    try:
        ahead.drive(10)
        check("clock an hour back within a case: it comes to its end", True)
    except (Refused, AssertionError) as e:
        check("clock an hour back within a case: refused with code and remedy", "C-014" in str(e), str(e))
        set_clock(b, 7260)
        desk.log_in("clerk-1", "reviewer-1", "maker-1")  # an hour on is idle too
        try:
            ahead.drive(20)
            check("clock right again: the case comes to its end or can be taken back", True)
        except (Refused, AssertionError) as e2:
            check("clock right again: the case comes to its end or can be taken back", taken_back(desk, ahead), str(e2))
    set_clock(b, 7260)
    done = [c for c in (ahead, fresh) if c.acked == RANK["done"]]
    invariants(b, tool, done, "clock")
    set_clock(b, 0)


def guarded(name, fn, *args):
    print(f"# {name}")
    try:
        fn(*args)
    except Exception:
        check(f"{name} ran to its end", False, traceback.format_exc().replace("\n", " | "))


def main():
    p = argparse.ArgumentParser()
    p.add_argument("build")
    p.add_argument("--quick", action="store_true", help="one round of kills")
    p.add_argument("--seed", type=int, default=None)
    p.add_argument("--rounds", type=int, default=None)
    p.add_argument("part", nargs="*", help="kills swap clock disk")
    opt = p.parse_intermixed_args()
    opt.rounds = opt.rounds or (1 if opt.quick else 6)
    seed = opt.seed if opt.seed is not None else random.SystemRandom().randrange(1 << 32)
    rng = random.Random(seed)
    print(f"# seed {seed}, {opt.rounds} rounds")
    for name, part in (("kills", kills), ("swap", swap), ("clock", clock_jump)):
        if opt.part and name not in opt.part:
            continue
        b = Bureau(opt.build)
        try:
            b.start()
            before = count[1]
            guarded(name, part, b, opt, rng)
            if count[1] > before:
                print("# " + b.logs().replace("\n", "\n# "))
                print("# " + b.output().decode("utf-8", "replace")[-1500:].replace("\n", "\n# "))
            check(f"{name}: the bureau ends cleanly", b.process.poll() is None and b.stop() < 5, str(b.children()))
        finally:
            b.remove()
    if not opt.part or "disk" in opt.part:
        guarded("disk", full_disk, opt.build, opt, rng)
    for what, n in sorted(seen.items()):
        print(f"# {n:5d} x {what}")
    print(f"1..{count[0]}")
    print(f"{count[0] - count[1]} passed, {count[1]} failed")
    return 1 if count[1] else 0


if __name__ == "__main__":
    sys.exit(main())
