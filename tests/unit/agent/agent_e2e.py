#!/usr/bin/python3
# The whole agent with real parts: yinxin-agent, its SKF helper, libyxskf.so, yxcard and cards made for the run.
# Arguments: yinxin-agent libyxskf.so yxcard agent-fixture profiles.json share/agent libyxtest_badskf.so
# Prints TAP. Temporary directory, free ports, processes ended by their id.
import base64, calendar, http.client, json, locale, os, re, secrets, shutil, signal, socket, subprocess, sys, tempfile, threading, time

AGENT, SKF, YXCARD, FIXTURE, PROFILES, WINDOW, BADSKF = map(os.path.abspath, sys.argv[1:8])
HERE = os.path.dirname(os.path.abspath(__file__))
PIN = "135790"
ORIGIN = "http://localhost:8600"
STATEMENT_MAX = 8 << 20  # src/evidence/limits.h
POST_MAX = 2 * STATEMENT_MAX + (64 << 10)
DIR = tempfile.mkdtemp(prefix="yx-agent-")
count = failed = 0
started = []


def check(ok, name, detail=""):
    global count, failed
    count += 1
    failed += not ok
    print(f"{'ok' if ok else 'not ok'} {count} - {name}", flush=True)
    if not ok:
        print(f"# {detail!r}"[:600], flush=True)


def start(args, env=None, log=None):
    p = subprocess.Popen(args, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, env={**os.environ, **(env or {})},
                         stderr=open(log, "w") if log else subprocess.DEVNULL)
    started.append(p)
    return p


class Agent:
    def __init__(self, env=None, **options):
        self.log = f"{DIR}/agent{len(started)}.log"
        conf = {"port": "0", "origins": ORIGIN, "pin": "web", "library": SKF, "slots": f"{DIR}/slots",
                "root": f"{DIR}/root.cer", "ca": f"{DIR}/ca.cer", "root_sm3": f"{DIR}/root.sm3", "window": WINDOW}
        conf.update(options)
        path = f"{DIR}/agent{len(started)}.conf"
        with open(path, "w") as f:
            f.writelines(f"{k} = {v}\n" for k, v in conf.items())
        self.p = start([AGENT, "-c", path], env, self.log)
        self.port = self.wait_port()

    def wait_port(self):
        for _ in range(200):
            m = re.search(r"ev=listen port=(\d+)", open(self.log).read())
            if m:
                return int(m.group(1))
            if self.p.poll() is not None:
                break
            time.sleep(0.05)
        raise SystemExit("Bail out! agent does not start: " + open(self.log).read())

    def call(self, method, path, body=None, headers=None, timeout=30, host="127.0.0.1"):
        c = http.client.HTTPConnection(host, self.port, timeout=timeout)
        h = {"Origin": ORIGIN}
        if isinstance(body, (dict, list)):
            body = json.dumps(body)
        if body is not None:
            h["Content-Type"] = "application/json"
        h.update(headers or {})
        h = {k: v for k, v in h.items() if v is not None}
        c.putrequest(method, path, skip_host="Host" in h, skip_accept_encoding=True)
        for k, v in h.items():
            c.putheader(k, v)
        data = body.encode() if body is not None else None
        if data is not None:
            c.putheader("Content-Length", str(len(data)))
        c.endheaders(data)
        r = c.getresponse()
        text = r.read()
        c.close()
        try:
            v = json.loads(text)
        except ValueError:
            v = text
        return r.status, dict(r.getheaders()), v

    def own(self, path, body):
        return self.call("POST", path, body, {"Origin": f"http://127.0.0.1:{self.port}"})

    def job(self, wid):
        return self.call("GET", f"/window/job?id={wid}", headers={"Origin": None})[2]

    def wait_job(self, wid, state, seconds=10, fresh=True):
        end = time.time() + seconds
        while time.time() < end:
            j = self.job(wid)
            if j["state"] == state:
                return j
            time.sleep(0.05)
        return self.job(wid)

    def status(self):
        return self.call("GET", "/v1/status")[2]

    def wait_keys(self, want, seconds=8):
        end = time.time() + seconds
        while time.time() < end:
            s = self.status()
            if sorted(k["serial"] for k in s["keys"]) == sorted(want):
                return s
            time.sleep(0.1)
        return self.status()

    def stop(self, sig=signal.SIGTERM):
        self.p.send_signal(sig)
        t = time.time()
        try:
            return self.p.wait(5), time.time() - t
        except subprocess.TimeoutExpired:
            self.p.kill()
            return None, 5.0


class Later(threading.Thread):
    """A request of the page that waits for the person."""

    def __init__(self, agent, path, body, **kw):
        super().__init__(daemon=True)
        self.agent, self.path, self.body, self.kw, self.result = agent, path, body, kw, None
        self.start()

    def run(self):
        try:
            self.result = self.agent.call("POST", self.path, self.body, timeout=60, **self.kw)
        except Exception as e:
            self.result = (0, {}, str(e))

    def get(self, seconds=20):
        self.join(seconds)
        return self.result or (0, {}, "no answer")


DISPLAY = {"DISPLAY": ":97", "WAYLAND_DISPLAY": ""}
NO_DISPLAY = {"DISPLAY": "", "WAYLAND_DISPLAY": "", "GPG_TTY": ""}


def control(line):
    s = socket.socket(socket.AF_UNIX)
    s.connect(f"{DIR}/slots/control.sock")
    s.sendall(line.encode() + b"\n")
    got = b""
    while b"OK" not in got and b"ERR" not in got:
        part = s.recv(4096)
        if not part:
            break
        got += part
    s.close()
    return got.decode()


def window_id():
    return secrets.token_hex(16)


def code(v):
    return v.get("error", {}).get("code") if isinstance(v, dict) else None


BUREAU = ""


def login_body(**more):
    return {"window": window_id(), "bureau": BUREAU, "nonce": secrets.token_hex(32), **more}


# --- HTTP ---

def test_http(a):
    own = f"127.0.0.1:{a.port}"
    rows = [
        ("GET", "/v1/status", None, {}, 200, None, "status"),
        ("GET", "/v1/status", None, {"Host": f"localhost:{a.port}"}, 200, None, "Host localhost"),
        ("GET", "/v1/status", None, {"Host": "evil.example"}, 403, "S-011", "DNS rebinding: foreign Host"),
        ("GET", "/v1/status", None, {"Host": "127.0.0.1"}, 403, "S-011", "Host without port"),
        ("GET", "/v1/status", None, {"Host": f"{own}.evil.example"}, 403, "S-011", "Host with our name in front"),
        ("GET", "/v1/status", None, {"Origin": None}, 403, "K-018", "no Origin"),
        ("GET", "/v1/status", None, {"Origin": "null"}, 403, "K-018", "Origin null"),
        ("GET", "/v1/status", None, {"Origin": "https://evil.example"}, 403, "K-018", "foreign Origin"),
        ("GET", "/v1/status", None, {"Origin": ORIGIN + ".evil.example"}, 403, "K-018", "Origin with ours in front"),
        ("GET", "/v1/status", None, {"Origin": "https://localhost:8600"}, 403, "K-018", "Origin of another scheme"),
        ("GET", "/v1/status", None, {"Origin": f"http://{own}"}, 403, "K-018", "own Origin is no page's"),
        ("GET", "/v1/status?x=1", None, {}, 400, "F-003", "undeclared parameter"),
        ("GET", "/v1/nothing", None, {}, 404, "S-008", "unknown path"),
        ("GET", "/", None, {}, 404, "S-008", "no start page"),
        ("POST", "/v1/status", {}, {}, 405, "S-015", "method"),
        ("GET", "/v1/login", None, {}, 405, "S-015", "login by GET"),
        ("GET", "/v1/wait", None, {}, 422, "F-005", "wait without generation"),
        ("GET", "/v1/wait?generation=1&generation=2", None, {}, 400, "F-004", "parameter twice"),
        ("GET", "/v1/wait?generation=x", None, {}, 400, "F-001", "generation is no number"),
        ("POST", "/v1/login", "{}", {"Content-Type": "text/plain"}, 400, "F-001", "body as text/plain needs no preflight"),
        ("POST", "/v1/login", "{}", {"Content-Type": None}, 400, "F-001", "body without a type"),
        ("POST", "/v1/login", "[]", {}, 400, "F-001", "array"),
        ("POST", "/v1/login", '{"a":"b"', {}, 400, "F-001", "truncated JSON"),
        ("POST", "/v1/login", '{"nonce":"a","nonce":"b"}', {}, 400, "F-001", "member twice"),
        ("POST", "/v1/login", '{"nonce":7}', {}, 400, "F-001", "number for a string"),
        ("POST", "/v1/login", login_body(origin=ORIGIN), {}, 400, "F-003", "a page supplies no origin"),
        ("POST", "/v1/login", login_body(statement="x"), {}, 400, "F-003", "undeclared member"),
        ("POST", "/v1/login", {"window": window_id(), "bureau": BUREAU}, {}, 422, "F-005", "no nonce"),
        ("POST", "/v1/login", login_body(nonce="z" * 64), {}, 422, "F-006", "nonce is not hex"),
        ("POST", "/v1/login", login_body(nonce="A" * 64), {}, 422, "F-006", "nonce in capitals"),
        ("POST", "/v1/login", login_body(bureau="0" * 64), {}, 403, "C-026", "another bureau"),
        ("POST", "/v1/login", login_body(), {}, 409, "L-203", "no key"),
        ("POST", "/v1/login", login_body(key="YX26000001"), {}, 409, "L-203", "no key, one named"),
        ("POST", "/v1/sign", {"window": window_id(), "statement": "hello"}, {}, 403, "K-019", "no statement"),
        ("POST", "/v1/login", "x" * (512 * 1024), {}, 400, "F-001", "body of the maximum"),
        ("POST", "/v1/login", "x" * (512 * 1024 + 1), {}, 413, "S-003", "body too large"),
        ("GET", "/window", None, {"Origin": None}, 200, None, "window"),
        ("POST", "/window", {}, {}, 405, "S-015", "window by POST"),
        ("GET", "/window/job?id=zz", None, {}, 422, "F-006", "id is not hex"),
        ("GET", "/window/job?id=" + "a" * 32, None, {"Sec-Fetch-Site": "cross-site"}, 403, "S-011", "job for another site"),
        ("POST", "/window/answer", {"id": "a" * 32}, {}, 403, "K-018", "answer by the portal's page"),
        ("POST", "/window/answer", {"id": "a" * 32}, {"Origin": None}, 403, "K-018", "answer without Origin"),
        ("POST", "/window/answer", {"id": "a" * 32}, {"Origin": f"http://{own}"}, 409, "S-010", "answer to nothing"),
        ("POST", "/window/cancel", {"id": "a" * 32, "pin": "1"}, {"Origin": f"http://{own}"}, 400, "F-003", "cancel with a PIN"),
        ("GET", "/window/../etc/passwd", None, {}, 404, "S-008", "path with dots"),
    ]
    for method, path, body, headers, status, want, name in rows:
        got, h, v = a.call(method, path, body, headers)
        check((got, code(v)) == (status, want), name, (got, v))
    raws = [
        (b"GET /v1/status HTTP/1.0\r\nHost: %s\r\n\r\n", 400, "HTTP/1.0"),
        (b"GET /v1/status HTTP/1.1\nHost: %s\n\n", 400, "bare LF"),
        (b"GET http://evil.example/v1/status HTTP/1.1\r\nHost: %s\r\n\r\n", 400, "absolute form"),
        (b"GET /v1/status HTTP/1.1\r\nHost: %s\r\nHost: evil\r\n\r\n", 400, "Host twice"),
        (b"GET /v1/status HTTP/1.1\r\nHost: %s\r\nOrigin: a\r\nOrigin: b\r\n\r\n", 400, "Origin twice"),
        (b"GET /v1/status HTTP/1.1\r\nHost: %s\r\nX: a\r\n b\r\n\r\n", 400, "folded line"),
        (b"GET /v1/status HTTP/1.1\r\nHost: %s\r\nX: a\x00b\r\n\r\n", 400, "NUL"),
        (b"POST /v1/login HTTP/1.1\r\nHost: %s\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400, "chunked"),
        (b"POST /v1/login HTTP/1.1\r\nHost: %s\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\n{}", 400, "two lengths"),
        (b"GET /v1/status HTTP/1.1\r\nHost: %s\r\nX: " + b"a" * 9000 + b"\r\n\r\n", 413, "head too large"),
        (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n", 400, "TLS"),
    ]
    for raw, status, name in raws:
        s = socket.create_connection(("127.0.0.1", a.port))
        s.sendall(raw.replace(b"%s", own.encode()))
        s.settimeout(10)
        try:
            line = s.recv(200).split(b"\r\n")[0].decode()
        except OSError as e:
            line = str(e)
        s.close()
        check(f" {status} " in line, f"raw: {name}", line)


def test_silence(a):
    """A browser opens connections ahead of their use. An answer to nothing would be read as that of the request that comes next."""
    s = socket.create_connection(("127.0.0.1", a.port))
    s.settimeout(20)
    got = s.recv(400)
    s.close()
    check(got == b"", "a connection on which nothing comes is closed without a word", got)


def test_cors(a):
    _, h, _ = a.call("GET", "/v1/status")
    check(h.get("Access-Control-Allow-Origin") == ORIGIN and "Origin" in h.get("Vary", ""), "origin echoed, Vary", h)
    check(h.get("Cache-Control") == "no-store" and "Access-Control-Allow-Credentials" not in h, "no cache, no credentials", h)
    _, h, _ = a.call("GET", "/v1/status", headers={"Origin": "https://evil.example"})
    check("Access-Control-Allow-Origin" not in h, "nothing for a foreign origin", h)
    ask = {"Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "content-type"}
    st, h, _ = a.call("OPTIONS", "/v1/login", headers=ask)
    check(st == 204 and h.get("Access-Control-Allow-Methods") == "GET, POST"
          and h.get("Access-Control-Allow-Headers") == "Content-Type", "preflight", (st, h))
    check("Access-Control-Allow-Private-Network" not in h, "private network only when asked", h)
    st, h, _ = a.call("OPTIONS", "/v1/login", headers={**ask, "Access-Control-Request-Private-Network": "true"})
    check(h.get("Access-Control-Allow-Private-Network") == "true", "private network when asked", h)
    st, h, _ = a.call("OPTIONS", "/v1/login", headers={**ask, "Origin": "https://evil.example"})
    check(st == 403 and "Access-Control-Allow-Origin" not in h, "no preflight for a foreign origin", (st, h))
    st, h, _ = a.call("OPTIONS", "/window/answer", headers={**ask, "Origin": ORIGIN})
    check(st == 405 and "Access-Control-Allow-Origin" not in h, "no CORS at the window", (st, h))
    _, h, _ = a.call("GET", "/window", headers={"Origin": None})
    csp = h.get("Content-Security-Policy", "")
    check("frame-ancestors 'none'" in csp and "script-src 'self'" in csp and "unsafe" not in csp, "window's policy", h)


def test_peer(a):
    if os.getuid() != 0:
        check(True, "peer of another uid # SKIP not root")
        return
    script = ("import os,sys,http.client\nos.setgid(65534);os.setuid(65534)\n"
              "c=http.client.HTTPConnection('127.0.0.1',int(sys.argv[1]));c.request('GET','/v1/status',headers={'Origin':sys.argv[2]})\n"
              "print(c.getresponse().status)")
    got = subprocess.run(["/usr/bin/python3", "-c", script, str(a.port), ORIGIN], capture_output=True, text=True)
    check(got.stdout.strip() == "" and ("RemoteDisconnected" in got.stderr or "ConnectionReset" in got.stderr),
          "peer of another uid is closed without an answer", got)
    a6 = None
    try:
        a6 = a.call("GET", "/v1/status", headers={"Host": f"[::1]:{a.port}"}, host="::1")
    except OSError:
        pass
    check(a6 is None or a6[0] == 200, "IPv6 loopback", a6)


STRANGER = """
import os, select, socket, sys, time
os.setgid(65534); os.setuid(65534)
port, held = int(sys.argv[1]), []
for _ in range(int(sys.argv[2])):
    s = socket.create_connection(("127.0.0.1", port))
    held.append(s)
print("held", flush=True)
sys.stdin.readline()
alive = 0
for s in held:
    s.setblocking(False)
    try:
        alive += s.recv(1) != b""
    except BlockingIOError:
        alive += 1
    except OSError:
        pass
print(alive, flush=True)
"""


def test_strangers(a):
    """Another user opens more connections than there are places and says nothing: ours are served as if he were not there."""
    if os.getuid() != 0:
        check(True, "connections of another uid # SKIP not root: cannot become another user")
        return
    other = subprocess.Popen(["/usr/bin/python3", "-c", STRANGER, str(a.port), "150"], stdin=subprocess.PIPE,
                             stdout=subprocess.PIPE, text=True)
    started.append(other)
    other.stdout.readline()
    served, slowest = 0, 0.0
    for _ in range(20):
        t = time.time()
        try:
            served += a.call("GET", "/v1/status", timeout=5)[0] == 200
        except (OSError, http.client.HTTPException):
            pass
        slowest = max(slowest, time.time() - t)
    check(served == 20 and slowest < 5, "150 connections of another uid take no place", (served, slowest))
    out, _ = other.communicate("\n", timeout=20)
    check(out.strip() == "0", "and were closed at once", out)


# --- the dialogue ---

def answer(a, j, wid, pin, **more):
    return a.own("/window/answer", {"id": wid, "token": j["token"], "key": j["keys"][0]["serial"], "pin": pin, **more})


def test_login(a):
    g = a.status()["generation"]
    waiting = threading.Thread(target=lambda: seen.append(a.call("GET", f"/v1/wait?generation={g}", timeout=25)))
    seen = []
    waiting.start()
    time.sleep(0.3)
    t = time.time()
    control("INSERT operator")
    waiting.join(25)
    check(seen and seen[0][2]["generation"] != g and time.time() - t < 3, "wait returns when a key comes", (seen, time.time() - t))
    s = a.wait_keys(["YX26000001"])
    k = s["keys"][0] if s["keys"] else {}
    check(s["library"] == "ok" and s["pin"] == "web", "library, pin mode", s)
    check(k.get("state") == "ready" and k.get("tries") == 6 and k.get("unit_no") == "43010001" and k.get("pin_set"),
          "key is described", k)
    body = login_body()
    wid = body["window"]
    r = Later(a, "/v1/login", body)
    j = a.wait_job(wid, "ask")
    check(j["state"] == "ask" and j["need"] == "pin" and j["origin"] == ORIGIN, "window asks for the PIN", j)
    rows = {x["label"]: x["value"] for x in j["rows"]}
    check(rows.get("网站") == ORIGIN and body["nonce"] in rows.values() and BUREAU in rows.values(), "every line is shown", rows)
    test_elsewhere(a, wid)
    check(code(answer(a, {**j, "token": "0" * 32}, wid, PIN)[2]) == "F-007", "wrong token")
    check(code(answer(a, j, wid, "123")[2]) == "K-004", "PIN too short costs no try")
    check(code(a.own("/window/answer", {"id": wid, "token": j["token"], "key": "YX26000009", "pin": PIN})[2]) == "K-010",
          "key that was not offered")
    answer(a, j, wid, "864209")
    time.sleep(0.5)
    j = a.wait_job(wid, "ask")
    check(code(j) == "K-002" and j["error"].get("tries") == 5, "wrong PIN: window stays, tries left", j)
    check(r.result is None, "the page hears nothing of it")
    answer(a, j, wid, PIN)
    st, _, v = r.get()
    check(st == 200 and v.get("card") == "YX26000001", "login signed", v)
    check(a.job(wid)["state"] == "done", "window is told")
    text = v.get("statement", "")
    check(text.startswith("YINXIN-1 LOGIN\n") and f"\norigin: {ORIGIN}\n" in text and f"\nnonce: {body['nonce']}\n" in text,
          "statement names the browser's origin", text)
    check(len(base64.b64decode(v["signature"])) == 64 and base64.b64decode(v["cert"])[0] == 0x30, "signature and certificate", v)
    check(verify(v), "signature verifies with openssl", v)
    log = open(a.log).read()
    check(PIN not in log and "864209" not in log, "no PIN in the log")
    check(a.status()["keys"][0]["tries"] == 6, "tries are full again")


def test_elsewhere(a, wid):
    """A second page meanwhile is told what is open, and can have it shown or closed."""
    st, _, v = a.call("POST", "/v1/login", login_body())
    other = v.get("error", {}).get("other", {}) if isinstance(v, dict) else {}
    check((st, code(v)) == (409, "K-025") and other.get("title") == "登录" and other.get("origin") == ORIGIN
          and isinstance(other.get("seconds"), int), "another window waits for a PIN: its own code, named", v)
    check(wid not in json.dumps(v), "the open window's id is not given away", v)
    ref = other.get("ref", "")
    st, _, v = a.call("POST", "/v1/other", {"ref": "0" * 32, "do": "cancel"})
    check(code(v) == "S-010", "a window that is not open cannot be closed", v)
    st, _, v = a.call("POST", "/v1/other", {"ref": ref, "do": "explode"})
    check(code(v) == "F-006", "only shown or closed", v)
    st, _, v = a.call("POST", "/v1/other", {"ref": ref, "do": "cancel"}, {"Origin": "https://evil.example"})
    check(code(v) == "K-018", "not by a foreign site", v)
    before = a.job(wid).get("called", 0)
    st, _, v = a.call("POST", "/v1/other", {"ref": ref, "do": "show"})
    check(st == 200 and a.job(wid).get("called", 0) == before + 1, "shown: the window is called", (v, a.job(wid)))


def verify(v):
    """By another program: openssl with our distinguishing id."""
    d = tempfile.mkdtemp(dir=DIR)
    raw = base64.b64decode(v["signature"])

    def integer(b):
        b = b.lstrip(b"\0") or b"\0"
        b = (b"\0" if b[0] & 0x80 else b"") + b
        return b"\x02" + bytes([len(b)]) + b
    der = integer(raw[:32]) + integer(raw[32:])
    for name, data in [("s", b"\x30" + bytes([len(der)]) + der), ("m", v["statement"].encode()), ("c", base64.b64decode(v["cert"]))]:
        with open(f"{d}/{name}", "wb") as f:
            f.write(data)
    subprocess.run(["openssl", "x509", "-inform", "DER", "-in", f"{d}/c", "-pubkey", "-noout", "-out", f"{d}/p"], check=False)
    got = subprocess.run(["openssl", "pkeyutl", "-verify", "-pubin", "-inkey", f"{d}/p", "-rawin", "-digest", "sm3", "-in", f"{d}/m",
                          "-sigfile", f"{d}/s", "-pkeyopt", "distid:1234567812345678"], capture_output=True, text=True)
    return "Verified Successfully" in got.stdout + got.stderr


def test_cancel(a):
    body = login_body()
    r = Later(a, "/v1/login", body)
    j = a.wait_job(body["window"], "ask")
    a.own("/window/cancel", {"id": body["window"], "token": j["token"]})
    st, _, v = r.get()
    check((st, code(v)) == (409, "K-017"), "cancelled in the window", v)
    check(code(a.job(body["window"])) == "K-017", "window shows it too")
    body = login_body()
    r = Later(a, "/v1/login", body)
    a.wait_job(body["window"], "ask")
    ref = a.call("POST", "/v1/login", login_body())[2].get("error", {}).get("other", {}).get("ref", "")
    st, _, v = a.call("POST", "/v1/other", {"ref": ref, "do": "cancel"})
    check(st == 200 and code(r.get()[2]) == "K-026", "closed from another page: the first page is told so", (v, r.get()))
    # The page goes away: the next dialogue can begin.
    body = login_body()
    s = socket.create_connection(("127.0.0.1", a.port))
    data = json.dumps(body).encode()
    s.sendall(b"POST /v1/login HTTP/1.1\r\nHost: 127.0.0.1:%d\r\nOrigin: %s\r\nContent-Type: application/json\r\n"
              b"Content-Length: %d\r\n\r\n" % (a.port, ORIGIN.encode(), len(data)) + data)
    a.wait_job(body["window"], "ask")
    s.close()
    j = a.wait_job(body["window"], "failed", 3)
    check(code(j) == "K-017", "page's connection closed", j)


def test_pull_and_choose(a):
    control("INSERT clerk")
    a.wait_keys(["YX26000001", "YX26000002"])
    body = login_body()
    r = Later(a, "/v1/login", body)
    j = a.wait_job(body["window"], "ask")
    check([k["tail"] for k in j["keys"]] == ["0001", "0002"] and j["keys"][1]["holder"] == "周受理", "several keys to choose from", j)
    check(code(a.own("/window/answer", {"id": body["window"], "token": j["token"], "key": "", "pin": PIN})[2]) == "K-010", "no choice made")
    a.own("/window/answer", {"id": body["window"], "token": j["token"], "key": "YX26000002", "pin": PIN})
    st, _, v = r.get()
    check(st == 200 and v["card"] == "YX26000002", "the chosen key signs", v)
    body = login_body(key="YX26000002")
    r = Later(a, "/v1/login", body)
    j = a.wait_job(body["window"], "ask")
    check(len(j["keys"]) == 1, "named key: no choice", j)
    control("REMOVE clerk")
    st, _, v = r.get()
    check(code(v) == "K-001", "key pulled out while asked", v)
    check(code(a.call("POST", "/v1/login", login_body(key="YX26000002"))[2]) == "K-010", "named key is not there, another is")


def test_validity(a):
    for name, serial, want in [("expired", "YX26000003", "C-004"), ("future", "YX26000004", "C-005")]:
        control(f"INSERT {name}")
        a.wait_keys(["YX26000001", serial])
        st, _, v = a.call("POST", "/v1/login", login_body(key=serial))
        check(code(v) == want and {"now", "not_before", "not_after"} <= set(v["error"]), f"{name}: code and both times", v)
        body = login_body()
        r = Later(a, "/v1/login", body)
        j = a.wait_job(body["window"], "ask")
        check([k["serial"] for k in j.get("keys", [])] == ["YX26000001"], f"{name} is not offered beside a valid one", j)
        a.own("/window/cancel", {"id": body["window"], "token": j.get("token", "")})
        r.get()
        control(f"REMOVE {name}")
    a.wait_keys(["YX26000001"])


def statement(kind, pairs):
    now = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    lines = [("bureau", BUREAU), ("nonce", secrets.token_hex(32)), ("time", now)] + pairs
    return f"YINXIN-1 {kind}\n" + "".join(f"{k}: {v}\n" for k, v in lines)


def test_sign(a):
    text = statement("CERT-RELEASE", [("case", "T01-2026-000001"), ("serial", "0A0B")])
    body = {"window": window_id(), "statement": text}
    r = Later(a, "/v1/sign", body)
    j = a.wait_job(body["window"], "ask")
    check(any(x["value"] == "T01-2026-000001" for x in j.get("rows", [])) and len(j.get("rows", [])) == 5, "statement is shown whole", j)
    rows = {x["label"]: x for x in j.get("rows", [])}
    made = re.search(r"time: (\S+)", text).group(1)
    cn = time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime(calendar.timegm(time.strptime(made, "%Y-%m-%dT%H:%M:%SZ")) + 8 * 3600))
    check(rows.get("签署时间", {}).get("shown") == f"{cn}（北京时间）" and rows["签署时间"]["value"] == made,
          "time: Beijing's for the person, the octets beside", rows)
    check(rows.get("机构标识", {}).get("machine") is True and "machine" not in rows.get("证书序列号", {"machine": 1}),
          "what only machines compare is marked", rows)
    want = time.strftime("%Y-%m-%d", time.gmtime(j["keys"][0]["not_after"] + 8 * 3600)) if j.get("keys") else ""
    check(want and j["keys"][0].get("last_day") == want and a.status()["keys"][0].get("last_day") == want,
          "last valid day by one rule, in the window and for the page", j.get("keys"))
    if j["state"] == "ask":
        answer(a, j, body["window"], PIN)
    st, _, v = r.get()
    check(st == 200 and verify({**v, "statement": text}), "statement signed as it stands", v)
    login = statement("LOGIN", [("origin", ORIGIN)])
    rows = [
        (login, "K-019", "LOGIN is never signed on request"),
        (text.replace(BUREAU, "0" * 64), "C-026", "statement of another bureau"),
        (text + "\n", "K-019", "trailing line"),
        (text.replace("case: ", "case:  "), "K-019", "two blanks"),
        (text.replace("T01", "T\u202e01"), "K-019", "direction override"),
        (text.replace("\n", "\r\n"), "K-019", "CRLF"),
        ("x" * 100, "K-019", "no statement at all"),
        ("x" * (STATEMENT_MAX + 1), "S-003", "an octet too long"),
        (text.replace("CERT-RELEASE", "CERT-RELEASE-WIDE"), "K-027", "a type of tomorrow"),
    ]
    for t, want, name in rows:
        st, _, v = a.call("POST", "/v1/sign", {"window": window_id(), "statement": t})
        check(code(v) == want, name, v)
    st, _, v = a.call("POST", "/v1/sign", {"statement": text})
    check(code(v) == "F-005", "no window id", v)


def filing(kind, form, rows):
    pairs = [("business", "B03"), ("matter", "x"), ("filing", "1"), ("version", "1"), ("definition", "ab" * 32),
             ("unit-no", "43010024"), ("unit-name", "x"), ("person-id", "1"), ("holder", "x")]
    return statement(kind, pairs + lines_of("form", form) + [("attach.1", "-")]
                     + [line for i, row in enumerate(rows) for line in lines_of(f"row.{i + 1}", row)])


def lines_of(key, value):
    """Each line holds as many whole characters as 1024 octets have room for."""
    if len(value.encode()) <= 1024:
        return [(key, value)]
    lines, rest = [], value.encode()
    while rest:
        n = min(1024, len(rest))
        while n < len(rest) and rest[n] & 0xC0 == 0x80:
            n -= 1
        lines.append((f"{key}/{len(lines) + 1}", rest[:n].decode()))
        rest = rest[n:]
    return lines


def written(key, value):
    return sum(len(f"{k}: {v}\n".encode()) for k, v in lines_of(key, value))


def peak_mib(a):
    return int(re.search(r"VmHWM:\s+(\d+)", open(f"/proc/{a.p.pid}/status").read()).group(1)) // 1024


def all_rows(a, wid, j):
    rows, most = list(j["rows"]), len(j["rows"])
    while len(rows) < j["rows_total"]:
        st, _, page = a.call("GET", f"/window/rows?id={wid}&from={len(rows)}", headers={"Origin": None})
        if st != 200 or page["from"] != len(rows) or not page["rows"]:
            return rows, f"{st} {page}"[:200]
        most = max(most, len(page["rows"]))
        rows += page["rows"]
    return rows, most


# The widest statement there is: every octet passes, every row can be read, and one octet more is refused.
def test_wide(a):
    long = "事由=" + "职" * 1500 + "\\;x"
    rows = [long, ""] + [f"姓名=测试职工{i};备注=" for i in range(9998)]
    room = STATEMENT_MAX - len(filing("FILING-SUBMIT-WIDE", "-", rows).encode()) + len("row.2: \n")
    each = room // 3 // 9998 - 1
    rows[2:] = [row + "备" * each for row in rows[2:]]
    left = room - 3 * each * 9998
    rows[1] = "x" * left
    while written("row.2", rows[1]) > left:
        rows[1] = rows[1][1:]
    text = filing("FILING-SUBMIT-WIDE", "-", rows)
    size = len(text.encode())
    check(size == STATEMENT_MAX, "a text of exactly the maximum", size)
    body = {"window": window_id(), "statement": text}
    began = time.time()
    r = Later(a, "/v1/sign", body)
    j = a.wait_job(body["window"], "ask", 30)
    shown = time.time() - began
    got, most = all_rows(a, body["window"], j)
    check(len(got) == j.get("rows_total") == 10014 and isinstance(most, int) and most <= 200, "read page by page, whole", (len(got), most))
    by = {x["label"]: x["value"] for x in got}
    check(by.get("人员 1") == long and by.get("人员 10000") == rows[9999], "lines of one value are put together", by.get("人员 1"))
    st, _, v = a.call("GET", f"/window/rows?id={'a' * 32}&from=0", headers={"Origin": None})
    check(code(v) == "S-010", "rows of no dialogue", v)
    st, _, v = a.call("GET", f"/window/rows?id={body['window']}&from=-1", headers={"Origin": None})
    check(st == 422 or st == 400, "rows from nowhere", v)
    st, _, v = a.call("GET", f"/window/rows?id={body['window']}&from=0", headers={"Sec-Fetch-Site": "cross-site"})
    check(code(v) == "S-011", "rows for another site", v)
    if j["state"] == "ask":
        answer(a, j, body["window"], PIN)
    st, _, v = r.get(60)
    check(st == 200 and verify({**v, "statement": text}), "the widest statement is signed", v)
    print(f"# {size} octets: shown after {shown:.1f} s, peak of the agent {peak_mib(a)} MiB", flush=True)
    st, _, v = a.call("POST", "/v1/sign", {"window": window_id(), "statement": text[:-1] + "x\n"})
    check(code(v) == "S-003", "one octet more", v)
    whole = json.dumps({"window": window_id(), "statement": "x"})
    for more, want in [(0, "K-019"), (1, "S-003")]:
        st, _, v = a.call("POST", "/v1/sign", whole + " " * (POST_MAX + more - len(whole)))
        check(code(v) == want, f"a body of the maximum and {more}", v)
    st, _, v = a.call("POST", "/v1/sign", {"window": window_id(), "statement": text.replace("FILING-SUBMIT-WIDE", "FILING-SUBMIT-WIDX")})
    check(code(v) == "K-027" and "请更新客户端" in v["error"]["remedy"], "a type that this agent does not know", v)


def issue(csr):
    got = subprocess.run([FIXTURE, "issue", DIR, PROFILES], input=csr + "\n", capture_output=True, text=True)
    return json.loads(got.stdout)


def test_make(a):
    control("REMOVE operator")
    control("INSERT blank")
    a.wait_keys(["YX26000005"])
    check(code(a.call("POST", "/v1/login", login_body())[2]) == "L-205", "blank key cannot log in")
    new = {"window": window_id(), "case": "T01-2026-000001", "approval": "ab" * 32, "unit": "长沙测试一号科技有限公司",
           "holder": "欧阳经办", "key": "YX26000005"}
    check(code(a.call("POST", "/v1/card/new", {**new, "approval": "AB" * 32})[2]) == "F-006", "approval in capitals")
    check(code(a.call("POST", "/v1/card/new", {**new, "holder": "a\u202eb"})[2]) == "F-006", "direction override in a name")
    check(code(a.call("POST", "/v1/card/new", {**new, "key": "YX26000099"})[2]) == "K-010", "wrong card")
    r = Later(a, "/v1/card/new", new)
    j = a.wait_job(new["window"], "ask")
    check(j["need"] == "newpin" and any(x["value"] == "欧阳经办" for x in j["rows"]), "holder sets his PIN", j)
    check(code(answer(a, j, new["window"], "246813", pin2="246814")[2]) == "K-024", "two PINs differ")
    answer(a, j, new["window"], "111111", pin2="111111")
    time.sleep(0.6)
    j = a.wait_job(new["window"], "ask")
    check(code(j) == "K-020", "trivial PIN", j)
    answer(a, j, new["window"], "246813", pin2="246813")
    st, _, made = r.get()
    check(st == 200 and len(made["key"]) == 130 and len(base64.b64decode(made["attestation"])) == 193, "pair born and attested", made)
    check(("ab" * 32) in base64.b64decode(made["attestation"]).hex(), "attestation covers the approval")
    s = a.status()
    check(s["keys"][0]["state"] == "awaiting", "card waits", s)
    check(code(a.call("POST", "/v1/card/new", {**new, "window": window_id()})[2]) == "K-009", "no second pair")
    parts, other = issue(made["csr"]), None
    put = {"window": window_id(), "case": new["case"], "key": "YX26000005", **parts}
    bad = bytearray(base64.b64decode(parts["sign_cert"]))
    bad[-3] ^= 1
    v = a.call("POST", "/v1/card/install", {**put, "sign_cert": base64.b64encode(bytes(bad)).decode()})[2]
    check(code(v) in ("C-003", "C-001", "C-002"), "altered certificate", v)
    v = a.call("POST", "/v1/card/install", {**put, "enc_cert": parts["sign_cert"]})[2]
    check(code(v) in ("C-008", "C-003"), "signing certificate in place of the other", v)
    v = a.call("POST", "/v1/card/install", {**put, "enveloped": base64.b64encode(b"0" * 100).decode()})[2]
    check(code(v) in ("C-002", "F-001", "C-001"), "broken envelope", v)
    again = issue(made["csr"])
    v = a.call("POST", "/v1/card/install", {**put, "enveloped": again["enveloped"]})[2]
    check(code(v) == "C-003", "envelope of another pair", v)
    st, _, v = a.call("POST", "/v1/card/install", put)
    check(st == 200 and v.get("card") == "YX26000005" and v.get("cert_serial"), "installed without a second PIN", v)
    check(a.job(put["window"])["state"] == "done", "window is told")
    s = a.status()
    check(s["keys"][0]["state"] == "ready" and s["keys"][0]["holder"] == "欧阳经办", "card is ready", s)
    st, _, v = a.call("POST", "/v1/card/install", put)
    check(st == 200, "asked again after a lost answer: same answer", v)
    check(code(a.call("POST", "/v1/card/discard", {"case": "1", "key": "YX26000005"})[2]) == "K-007", "a ready card is not discarded")
    body = login_body()
    r = Later(a, "/v1/login", body)
    j = a.wait_job(body["window"], "ask")
    answer(a, j, body["window"], "246813")
    st, _, v = r.get()
    check(st == 200 and verify(v), "login with the new certificate", v)
    control("REMOVE blank")


def make_pair(a, wid, key):
    new = {"window": wid, "case": "T01-2026-000002", "approval": "cd" * 32, "holder": "欧阳经办", "key": key}
    r = Later(a, "/v1/card/new", new)
    j = a.wait_job(wid, "ask")
    answer(a, j, wid, "246813", pin2="246813")
    return r.get()


def reinsert(a, name, serial):
    control(f"REMOVE {name}")
    a.wait_keys([])
    control(f"INSERT {name}")
    a.wait_keys([serial])


def test_make_broken_off(a):
    """The case was lost after the pair was born; later the card was pulled out between the two halves."""
    serial = "YX26000007"
    control("INSERT blank2")
    a.wait_keys([serial])
    wid = window_id()
    st, _, v = make_pair(a, wid, serial)
    check(st == 200, "pair born", v)
    st, _, v = a.call("POST", "/v1/card/discard", {"window": wid, "case": "T01", "key": serial})
    check(st == 200 and a.status()["keys"][0]["state"] == "blank", "discarded with the login of its birth", v)
    st, _, v = a.call("POST", "/v1/card/discard", {"window": wid, "case": "T01", "key": serial})
    check(st == 200, "discarded again after a lost answer", v)
    st, _, v = make_pair(a, wid, serial)
    check(st == 200, "born anew in the same window", v)
    reinsert(a, "blank2", serial)
    r = Later(a, "/v1/card/discard", {"window": wid, "case": "T01", "key": serial})
    j = a.wait_job(wid, "ask")
    check(j["need"] == "pin", "discarding after a removal needs the PIN", j)
    answer(a, j, wid, "975310")
    time.sleep(0.5)
    j = a.wait_job(wid, "ask")
    check(code(j) == "K-002" and j["error"]["tries"] == 5, "wrong PIN", j)
    answer(a, j, wid, "246813")
    check(r.get()[0] == 200, "discarded", r.get())
    st, _, made = make_pair(a, wid, serial)
    check(st == 200, "and born again", made)
    reinsert(a, "blank2", serial)
    put = {"window": wid, "case": "T01", "key": serial, **issue(made["csr"])}
    r = Later(a, "/v1/card/install", put)
    j = a.wait_job(wid, "ask")
    check(j["need"] == "pin", "installing after a removal needs the PIN", j)
    answer(a, j, wid, "246813")
    check(r.get()[0] == 200 and a.status()["keys"][0]["state"] == "ready", "installed", r.get())
    control("REMOVE blank2")
    a.wait_keys([])


def test_rogue(a):
    control("INSERT rogue")
    a.wait_keys(["YX26000006"])
    new = {"window": window_id(), "case": "T01", "approval": "ab" * 32, "holder": "某人", "key": "YX26000006"}
    st, _, v = a.call("POST", "/v1/card/new", new)
    check(code(v) == "K-006", "card without a device certificate: nobody is asked for a PIN", v)
    control("REMOVE rogue")


def test_lock(a):
    control("INSERT clerk")
    a.wait_keys(["YX26000002"])
    g = a.status()["generation"]
    body = login_body()
    r = Later(a, "/v1/login", body)
    for left in (5, 4, 3, 2, 1, 0):
        j = a.wait_job(body["window"], "ask", 3)
        if j["state"] != "ask":
            break
        answer(a, j, body["window"], "975310")
        time.sleep(0.4)
    st, _, v = r.get()
    check(code(v) == "K-003" and v["error"].get("tries") == 0, "six wrong PINs lock", v)
    check(code(a.call("POST", "/v1/login", login_body())[2]) == "K-003", "locked key is told at once")
    st, _, v = a.call("GET", f"/v1/wait?generation={g}", timeout=25)
    check([k["tries"] for k in v["keys"]] == [0] and v["generation"] != g, "pages that wait are told of the tries that are gone", v)
    control("REMOVE clerk")


# --- pinentry ---

def test_pinentry():
    def script(name, text):
        path = f"{DIR}/{name}"
        with open(path, "w") as f:
            f.write("#!/usr/bin/python3 -u\nimport sys\nprint('OK Pleased to meet you')\nlog = open(%r, 'a')\n" % f"{DIR}/{name}.log"
                    + "n = 0\nfor line in sys.stdin:\n    log.write(line); log.flush()\n    word = line.split(' ')[0].strip()\n"
                    + text + "    print('OK')\n")
        os.chmod(path, 0o700)
        return path
    control("INSERT operator")
    good = script("pin-good", "    if word == 'GETPIN': print('D 135790')\n")
    a = Agent(env=DISPLAY, pin="pinentry", pinentry=good)
    s = a.wait_keys(["YX26000001"])
    check(s.get("window") == "ok" and "ev=no-window" not in open(a.log).read(), "pinentry: can be shown", s)
    body = login_body()
    del body["window"]
    st, _, v = a.call("POST", "/v1/login", body)
    check(st == 200 and verify(v), "pinentry: signed", v)
    log = open(f"{DIR}/pin-good.log").read()
    check(body["nonce"] in log and ORIGIN in log and "%0A" in log, "pinentry: every line is shown", log)
    # pinentry-curses takes a locale that does not exist and then draws nothing.
    try:
        locale.setlocale(locale.LC_CTYPE, "zh_CN.UTF-8")
        want = "zh_CN.UTF-8"
    except locale.Error:
        want = "C.UTF-8"
    check(re.findall(r"lc-ctype=(\S+)", log) == [want], "pinentry: a locale that exists", (want, log))
    check("SETKEYINFO" not in log and "QUALITY" not in log, "pinentry: no cache, no quality bar")
    check(a.call("GET", "/window", headers={"Origin": None})[0] == 404, "pinentry: no web window")
    a.stop()
    rows = [
        ("pin-cancel", "    if word == 'GETPIN':\n        print('ERR 83886179 cancelled')\n        continue\n", "K-017", "cancelled"),
        ("pin-time", "    if word == 'GETPIN':\n        print('ERR 83886142 timeout')\n        continue\n", "K-017", "timed out"),
        ("pin-notty", "    if word == 'GETPIN':\n        print('ERR 83918950 no tty')\n        continue\n", "L-207", "no display"),
        ("pin-dies", "    if word == 'GETPIN': sys.exit(1)\n", "L-207", "dies"),
        ("pin-flood", "    if word == 'GETPIN': print('D ' + 'a' * 5000)\n", "L-207", "line too long"),
    ]
    for name, text, want, what in rows:
        a = Agent(env=DISPLAY, pin="pinentry", pinentry=script(name, text))
        a.wait_keys(["YX26000001"])
        st, _, v = a.call("POST", "/v1/login", body)
        check(code(v) == want, f"pinentry: {what}", v)
        a.stop()
    wrong = script("pin-wrong", "    if word == 'SETERROR': n = 1\n    if word == 'GETPIN': print('D 135790' if n else 'D 8642%30')\n")
    a = Agent(env=DISPLAY, pin="pinentry", pinentry=wrong)
    a.wait_keys(["YX26000001"])
    st, _, v = a.call("POST", "/v1/login", body)
    log = open(f"{DIR}/pin-wrong.log").read()
    check(st == 200 and "SETERROR" in log and "K-002" not in json.dumps(v), "pinentry: asked again after a wrong PIN", (v, log))
    a.stop()
    # The real pinentry of this machine, where nothing can show it; and none at all.
    for program, env, what in [("/usr/bin/pinentry", NO_DISPLAY, "no display"), ("/nonexistent/pinentry", DISPLAY, "absent")]:
        if what == "no display" and not os.path.exists(program):
            check(True, "pinentry: no display # SKIP no pinentry installed")
            continue
        a = Agent(env=env, pin="pinentry", pinentry=program)
        s = a.wait_keys(["YX26000001"])
        line = re.search(r".*ev=no-window.*", open(a.log).read())
        check(s.get("window") == "none" and line, f"pinentry, {what}: told at the agent's start and to the page", (s.get("window"), line))
        st, _, v = a.call("POST", "/v1/login", body)
        check(code(v) == "L-207" and len(v["error"]["remedy"]) > 10, f"pinentry, {what}: its own code", v)
        a.stop()
    hang = script("pin-hang", "    if word == 'GETPIN':\n        import time; time.sleep(60)\n")
    a = Agent(env=DISPLAY, pin="pinentry", pinentry=hang, idle="5")
    a.wait_keys(["YX26000001"])
    r = Later(a, "/v1/login", body)
    time.sleep(1)
    control("REMOVE operator")
    st, _, v = r.get()
    check(code(v) == "K-001", "pinentry: key pulled out while asked", v)
    status, seconds = a.stop()
    check(status == 0 and seconds < 1.5, "pinentry: agent ends", (status, seconds))


# --- libraries that misbehave ---

def children(pid):
    try:
        return [int(c) for c in open(f"/proc/{pid}/task/{pid}/children").read().split()]
    except OSError:
        return []


def helpers(pid):
    got = []
    for d in os.listdir("/proc"):
        if d.isdigit():
            try:
                if int(open(f"/proc/{d}/stat").read().rsplit(")", 1)[1].split()[1]) == pid:
                    got.append(int(d))
            except (OSError, ValueError):
                pass
    return got


def test_bad_libraries():
    control("INSERT operator")
    for mode, want in [("crash", "K-023"), ("mute", "K-023"), ("lies", "L-203"), ("hang", "K-023")]:
        a = Agent(env={"BADSKF": mode}, library=BADSKF, skf_timeout="1")
        time.sleep(0.7 if mode != "hang" else 1.5)
        st, _, v = a.call("POST", "/v1/login", login_body())
        check(code(v) == want, f"library that will {mode}", v)
        check(a.status()["library"] == ("ok" if mode == "lies" else "absent"), f"{mode}: told in status")
        status, seconds = a.stop()
        check(status == 0 and seconds < 1.5, f"{mode}: agent ends", (status, seconds))
    a = Agent(env={"BADSKF": "crash"}, library=f"{BADSKF} {SKF}", skf_timeout="1")
    s = a.wait_keys(["YX26000001"])
    check(s["library"] == "ok" and len(s["keys"]) == 1, "a good library beside a bad one", s)
    a.stop()
    a = Agent(library=f"{DIR}/later.so")
    time.sleep(0.7)
    check(a.status()["library"] == "absent" and code(a.call("POST", "/v1/login", login_body())[2]) == "K-023", "library is missing")
    shutil.copy(SKF, f"{DIR}/later.so")
    s = a.wait_keys(["YX26000001"], 5)
    check(s["library"] == "ok" and s["keys"], "and found once installed", s)
    # kill -9 of the helper, several times: always back.
    for _ in range(3):
        for h in helpers(a.p.pid):
            os.kill(h, signal.SIGKILL)
        time.sleep(0.5)
    s = a.wait_keys(["YX26000001"], 12)
    check(bool(s["keys"]), "helper comes back after kill -9", s)
    mine = helpers(a.p.pid)
    os.kill(a.p.pid, signal.SIGKILL)
    a.p.wait()
    time.sleep(0.5)
    check(mine and not any(os.path.exists(f"/proc/{h}") and open(f"/proc/{h}/stat").read().rsplit(")", 1)[1].split()[0] != "Z"
                           for h in mine), "helper ends with the agent", mine)


def login_again(a):
    """Until the library has come back: the list of keys may still be the one from before."""
    for _ in range(10):
        a.wait_keys(["YX26000001"], 15)
        body = login_body()
        r = Later(a, "/v1/login", body)
        try:
            answer(a, a.wait_job(body["window"], "ask"), body["window"], PIN)
        except (AssertionError, KeyError):
            pass
        v = r.get()[2]
        if "signature" in v:
            break
        time.sleep(0.5)
    return v


def test_hang_in_signing():
    # The card's process stops in the middle of a signature: the call is given up after its time.
    a = Agent(skf_timeout="2")
    a.wait_keys(["YX26000001"])
    body = login_body()
    r = Later(a, "/v1/login", body)
    j = a.wait_job(body["window"], "ask")
    os.kill(card.pid, signal.SIGSTOP)
    answer(a, j, body["window"], PIN)
    st, _, v = r.get()
    check(code(v) in ("S-004", "S-005", "K-001", "K-023"), "card's process stopped while signing", v)
    os.kill(card.pid, signal.SIGCONT)
    v = login_again(a)
    check("signature" in v, "and all is well again", v)
    body = login_body()
    r = Later(a, "/v1/login", body)
    a.wait_job(body["window"], "ask")
    status, seconds = a.stop(signal.SIGINT)
    check(status == 0 and seconds < 1.2, "INT ends the agent within a second, a dialogue open", (status, seconds))
    check(code(r.get()[2]) == "K-017" or r.get()[0] == 0, "the page hears of it", r.get())


def test_start():
    def run(**options):
        conf = {"port": "0", "origins": ORIGIN, "library": SKF, "root": f"{DIR}/root.cer", "ca": f"{DIR}/ca.cer", "window": WINDOW}
        conf.update(options)
        args = [AGENT] + [x for k, v in conf.items() for x in ("-o", f"{k}={v}")]
        p = subprocess.run(args, capture_output=True, text=True, timeout=20)
        return p.returncode, p.stderr
    busy = socket.socket()
    busy.bind(("127.0.0.1", 0))
    busy.listen()
    rows = [
        ({"root": "/nonexistent"}, 1, "no root"), ({"root_sm3": "0" * 64}, 1, "pinned digest differs"),
        ({"ca": f"{DIR}/root.sm3"}, 1, "ca is no certificate"), ({"origins": "https://x/path"}, 1, "origin with a path"),
        ({"origins": "http://x:80"}, 1, "origin with its default port"), ({"library": ","}, 1, "no library"),
        ({"pin": "page"}, 2, "unknown way of asking"), ({"port": str(busy.getsockname()[1])}, 1, "port in use"),
    ]
    for options, want, name in rows:
        try:
            got = run(**options)
        except subprocess.TimeoutExpired:
            got = (None, "runs")
        check(got[0] == want and got[1].strip() != "", f"start: {name}", got)
    busy.close()
    p = subprocess.run([AGENT, "--help"], capture_output=True, text=True)
    check(p.returncode == 0 and "origins" in p.stdout, "--help")


try:
    subprocess.run([FIXTURE, "make", DIR, PROFILES], check=True)
    BUREAU = open(f"{DIR}/root.sm3").read().strip()
    os.mkdir(f"{DIR}/slots", 0o700)
    card = start([YXCARD, "-o", f"keys={DIR}/keys", "-o", f"slots={DIR}/slots", "-o", "count=3"], log=f"{DIR}/yxcard.log")
    for _ in range(100):
        if os.path.exists(f"{DIR}/slots/control.sock"):
            break
        time.sleep(0.05)
    agent = Agent()
    time.sleep(0.5)
    for t in (test_http, test_silence, test_cors, test_peer, test_strangers, test_login, test_cancel, test_pull_and_choose, test_validity, test_sign, test_wide, test_make, test_make_broken_off,
              test_rogue, test_lock):
        try:
            t(agent)
        except Exception as e:
            check(False, f"{t.__name__} came to its end", repr(e))
    status, seconds = agent.stop()
    check(status == 0 and seconds < 1.2, "TERM ends the agent within a second", (status, seconds))
    for t in (test_pinentry, test_bad_libraries, test_hang_in_signing, test_start):
        try:
            t()
        except Exception as e:
            check(False, f"{t.__name__} came to its end", repr(e))
finally:
    for p in started:
        if p.poll() is None:
            p.send_signal(signal.SIGCONT)
            p.kill()
            p.wait()
    if not os.environ.get("YX_KEEP"):
        shutil.rmtree(DIR, ignore_errors=True)
    else:
        print("# kept", DIR)
print(f"1..{count}")
sys.exit(1 if failed else 0)
