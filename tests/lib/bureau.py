"""A bureau of its own for a test: temporary folder, free ports, started and ended by process id. Standard library only."""
import datetime
import http.client
import json
import os
import pwd
import shutil
import signal
import socket
import struct
import subprocess
import tempfile
import time

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))


CN = datetime.timezone(datetime.timedelta(hours=8))


def day_of_test():
    """The moment that YINXIN_AT names, "2028-02-29" (ten in the morning in Beijing) or "2028-02-29 23:50"; None: the real day. A suite
    runs on any day: a bureau is born on it, and whoever asks for a date asks the bureau."""
    text = os.environ.get("YINXIN_AT", "")
    if not text:
        return None
    return datetime.datetime.strptime(text if " " in text else text + " 10:00", "%Y-%m-%d %H:%M").replace(tzinfo=CN)


def shift_of_test():
    at = day_of_test()
    return round((at - datetime.datetime.now(CN)).total_seconds()) if at else 0


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


class Answer:
    def __init__(self, r):
        self.status = r.status
        self.headers = r.headers
        self.body = r.read()

    @property
    def text(self):
        return self.body.decode("utf-8", "replace")

    @property
    def json(self):
        return json.loads(self.body)

    def header(self, name):
        return self.headers.get(name)

    def cookies(self):
        return [c.split(";")[0] for c in self.headers.get_all("Set-Cookie") or []]


class Bureau:
    def __init__(self, build, user=None):
        self.build = os.path.abspath(build)
        self.user = user
        self.dir = tempfile.mkdtemp(prefix="yx-")
        os.chmod(self.dir, 0o755)
        if user:
            pw = pwd.getpwnam(user)
            os.chown(self.dir, pw.pw_uid, pw.pw_gid)
        self.data = os.path.join(self.dir, "var")
        self.port, self.agent_port = free_port(), free_port()
        self.origin = f"http://localhost:{self.port}"
        self.env = dict(os.environ, YINXIN_DATA=self.data, YINXIN_PORT=str(self.port),
                        YINXIN_AGENT_PORT=str(self.agent_port), YINXIN_PIN="web")
        self.process = None
        self.shift = shift_of_test()

    def now(self):
        """By the bureau's clock, in Beijing."""
        return datetime.datetime.now(CN) + datetime.timedelta(seconds=self.shift)

    def move(self, seconds):
        """The bureau's clock, from the day it was born on, or from where it was moved to."""
        self.shift += int(seconds)
        subprocess.run([self.program("yinxin"), "clock", str(self.shift)], env=self.env, check=True, capture_output=True, timeout=20)

    def born(self):
        """Its clock is there before anything else of it."""
        if not self.shift or os.path.exists(self.data):
            return
        os.mkdir(self.data)
        with open(os.path.join(self.data, "clock"), "wb") as f:
            f.write(struct.pack("=q", self.shift))
        if self.user:
            pw = pwd.getpwnam(self.user)
            for path in (self.data, os.path.join(self.data, "clock")):
                os.chown(path, pw.pw_uid, pw.pw_gid)

    def program(self, name):
        return os.path.join(self.build, "src/cmd", name)

    def as_user(self):
        return {"user": self.user, "group": pwd.getpwnam(self.user).pw_gid, "extra_groups": []} if self.user else {}

    def start(self, timeout=90, command=None):
        self.born()
        out = open(os.path.join(self.dir, "up.out"), "ab")
        mark = out.tell()
        self.process = subprocess.Popen(command or [self.program("yinxin"), "up"], env=self.env, cwd=self.dir,
                                        stdin=subprocess.DEVNULL, stdout=out, stderr=subprocess.STDOUT, **self.as_user())
        end = time.monotonic() + timeout
        while time.monotonic() < end:
            if b"\nready http" in b"\n" + self.output()[mark:]:
                with open(os.path.join(self.data, "demo.json"), encoding="utf-8") as f:
                    self.demo = json.load(f)
                return self
            if self.process.poll() is not None:
                break
            time.sleep(0.03)
        raise AssertionError("the bureau did not start: " + self.output().decode("utf-8", "replace") + self.logs())

    def output(self):
        with open(os.path.join(self.dir, "up.out"), "rb") as f:
            return f.read()

    def logs(self):
        folder = os.path.join(self.data, "log")
        out = ""
        for n in sorted(os.listdir(folder)) if os.path.isdir(folder) else []:
            with open(os.path.join(folder, n), errors="replace") as f:
                out += f"--- {n}\n" + "".join(f.readlines()[-6:])
        return out

    def key(self, name):
        return next(k for k in self.demo["keys"] if k["name"] == name)

    def yxkey(self, *args, pin=None, check=False):
        fds, kw = [], {}
        if pin is not None:
            r, w = os.pipe()
            os.write(w, pin.encode() + b"\n")
            os.close(w)
            args = [*args, "--pin-fd", str(r)]
            kw["pass_fds"] = (r,)
            fds.append(r)
        p = subprocess.run([self.program("yxkey"), *args], env=self.env, capture_output=True, text=True, timeout=60,
                           cwd=self.dir, **kw, **self.as_user())
        for fd in fds:
            os.close(fd)
        if check and p.returncode:
            raise AssertionError(f"yxkey {args}: {p.returncode} {p.stderr}")
        return p

    def login(self, name):
        """The session cookie of a key that is inserted, 'name=value'."""
        return self.yxkey("login", "--key", name, "--origin", self.origin, pin=self.key(name)["pin"], check=True).stdout.strip()

    def request(self, method, path, body=None, headers=None, port=None, timeout=20):
        c = http.client.HTTPConnection("127.0.0.1", port or self.port, timeout=timeout)
        h = {"Host": f"localhost:{self.port}"} if not port else {}
        h.update(headers or {})
        try:
            c.request(method, path, body=body, headers=h)
            return Answer(c.getresponse())
        finally:
            c.close()

    def get(self, path, cookie=None, accept=None):
        h = {}
        if cookie:
            h["Cookie"] = cookie
        if accept:
            h["Accept"] = accept
        return self.request("GET", path, headers=h)

    def children(self):
        """Process ids of the bureau, by the folder in their environment or arguments: {pid: name}."""
        found = {}
        for pid in filter(str.isdigit, os.listdir("/proc")):
            try:
                with open(f"/proc/{pid}/cmdline", "rb") as f:
                    args = f.read().split(b"\0")
                if any(self.dir.encode() in a for a in args) and int(pid) != os.getpid():
                    found[int(pid)] = os.path.basename(args[0].decode("utf-8", "replace")).rstrip(":")
                    continue
                with open(f"/proc/{pid}/environ", "rb") as f:
                    if f"YINXIN_DATA={self.data}".encode() in f.read().split(b"\0"):
                        found[int(pid)] = os.path.basename(args[0].decode("utf-8", "replace"))
            except (OSError, IndexError):
                continue
        return found

    def part(self, name):
        return [pid for pid, n in self.children().items() if n == name]

    def stop(self, sig=signal.SIGTERM, pid=None, limit=5.0):
        """Seconds until everything was gone."""
        began = time.monotonic()
        os.kill(pid or self.process.pid, sig)
        self.process.wait(timeout=limit + 5)
        while self.children():
            if time.monotonic() - began > limit:
                raise AssertionError(f"still there after {limit} s: {self.children()}")
            time.sleep(0.05)
        return time.monotonic() - began

    def remove(self):
        if self.process and self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        real = os.path.realpath(self.data)
        shutil.rmtree(self.dir, ignore_errors=True)
        if real.startswith("/var/lib/yinxin/"):
            shutil.rmtree(real, ignore_errors=True)
