"""A throw-away PostgreSQL of Debian's packages: an ordinary user's cluster in a temporary folder, reached through a Unix socket
there. Started by root it belongs to the system user postgres. Connections speak libpq, so that a test sees the types that the server
infers. Nothing of it is left behind: the server is our child, ended by its id, and ends with us when we are killed."""
import collections
import ctypes
import glob
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time

PR_SET_PDEATHSIG = 1
FAST = signal.SIGINT  # a shutdown that does not wait for clients
WAIT_SEC = 60
TYPES = {16: "bool", 17: "bytea", 20: "int8", 21: "int2", 23: "int4", 25: "text", 701: "float8", 705: "unknown", 1043: "varchar", 1700: "numeric"}
OIDS = {name: oid for oid, name in TYPES.items()}
Described = collections.namedtuple("Described", "parameters columns")  # names of types


class PgError(Exception):
    def __init__(self, state, message):
        super().__init__(f"{state} {message}")
        self.state = state


def programs():
    found = sorted(glob.glob("/usr/lib/postgresql/*/bin/postgres"), key=lambda p: int(p.split("/")[4]))
    if not found:
        raise FileNotFoundError("no PostgreSQL server: tools/setup test installs Debian's package postgresql")
    return os.path.dirname(found[-1])


def end_with_parent():
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, FAST)


class Cluster:
    """with Cluster() as c: c.connect()"""

    def __init__(self):
        self.bin = programs()
        self.user = pwd.getpwnam("postgres") if os.getuid() == 0 else None
        self.dir = tempfile.mkdtemp(prefix="yx-pg-")
        self.server = None
        self.log = os.path.join(self.dir, "log")

    def as_user(self):
        who = {"user": self.user.pw_uid, "group": self.user.pw_gid, "extra_groups": []} if self.user else {}
        return {"cwd": self.dir, "env": {"PATH": os.environ.get("PATH", ""), "LC_ALL": "C.UTF-8"}, "stdin": subprocess.DEVNULL, **who}

    def __enter__(self):
        try:
            if self.user:
                os.chown(self.dir, self.user.pw_uid, self.user.pw_gid)
            self.make()
            self.start()
        except BaseException:
            self.remove()
            raise
        return self

    def __exit__(self, *_):
        self.remove()

    def make(self):
        made = subprocess.run([f"{self.bin}/initdb", "-D", f"{self.dir}/data", "-U", "yinxin", "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8", "--no-sync",
                               "--no-instructions"], capture_output=True, text=True, timeout=WAIT_SEC * 3, **self.as_user())
        if made.returncode:
            raise RuntimeError(f"initdb: {made.stderr or made.stdout}")

    def start(self):
        with open(self.log, "wb") as log:
            self.server = subprocess.Popen([f"{self.bin}/postgres", "-D", f"{self.dir}/data", "-k", self.dir, "-c", "listen_addresses=", "-c", "fsync=off",
                                            "-c", "unix_socket_permissions=0700"], stdout=log, stderr=log, preexec_fn=end_with_parent, **self.as_user())
        until = time.monotonic() + WAIT_SEC
        while True:
            try:
                self.connect().close()
                return
            except PgError as e:
                if self.server.poll() is not None or time.monotonic() > until:
                    with open(self.log, encoding="utf-8", errors="replace") as log:
                        raise RuntimeError(f"PostgreSQL did not start: {e}\n{log.read()[-2000:]}") from e
            time.sleep(0.05)

    def connect(self):
        return Connection(f"host='{self.dir}' dbname=postgres user=yinxin")

    def remove(self):
        if self.server and self.server.poll() is None:
            self.server.send_signal(FAST)
            try:
                self.server.wait(WAIT_SEC)
            except subprocess.TimeoutExpired:
                self.server.kill()
                self.server.wait()
        for _ in range(50):  # what initdb left behind when it was broken off may still write
            shutil.rmtree(self.dir, ignore_errors=True)
            if not os.path.exists(self.dir):
                return
            time.sleep(0.1)


def libpq():
    lib = ctypes.CDLL("libpq.so.5")
    p, i, s = ctypes.c_void_p, ctypes.c_int, ctypes.c_char_p
    for name, answer, takes in (
            ("PQconnectdb", p, [s]), ("PQstatus", i, [p]), ("PQerrorMessage", s, [p]), ("PQfinish", None, [p]), ("PQexec", p, [p, s]),
            ("PQprepare", p, [p, s, s, i, p]), ("PQdescribePrepared", p, [p, s]), ("PQexecPrepared", p, [p, s, i, p, p, p, i]),
            ("PQresultStatus", i, [p]), ("PQresultErrorField", s, [p, i]), ("PQresultErrorMessage", s, [p]), ("PQclear", None, [p]),
            ("PQnparams", i, [p]), ("PQparamtype", ctypes.c_uint, [p, i]), ("PQnfields", i, [p]), ("PQftype", ctypes.c_uint, [p, i])):
        f = getattr(lib, name)
        f.restype, f.argtypes = answer, takes
    return lib


class Connection:
    COMMAND_OK, TUPLES_OK, SQLSTATE = 1, 2, ord("C")

    def __init__(self, where):
        self.pq = libpq()
        self.conn = self.pq.PQconnectdb(where.encode())
        if self.pq.PQstatus(self.conn) != 0:
            said = self.pq.PQerrorMessage(self.conn).decode(errors="replace").strip()
            self.close()
            raise PgError("08000", said)

    def close(self):
        self.pq.PQfinish(self.conn)
        self.conn = None

    def done(self, result, look=lambda r: None):
        """What look makes of a result, or PgError."""
        try:
            if self.pq.PQresultStatus(result) in (self.COMMAND_OK, self.TUPLES_OK):
                return look(result)
            state = self.pq.PQresultErrorField(result, self.SQLSTATE) or b"?"
            lines = self.pq.PQresultErrorMessage(result).decode(errors="replace").strip().splitlines()
            raise PgError(state.decode(), " ".join(line.strip() for line in lines if not line.strip() == "^"))
        finally:
            self.pq.PQclear(result)

    def run(self, sql):
        self.done(self.pq.PQexec(self.conn, sql.encode()))

    def prepare(self, name, sql, types=()):
        oids = (ctypes.c_uint * len(types))(*(OIDS[t] for t in types))
        self.done(self.pq.PQprepare(self.conn, name.encode(), sql.encode(), len(types), oids))

    def describe(self, name):
        pq = self.pq

        def look(r):
            return Described([TYPES.get(pq.PQparamtype(r, k), pq.PQparamtype(r, k)) for k in range(pq.PQnparams(r))],
                             [TYPES.get(pq.PQftype(r, k), pq.PQftype(r, k)) for k in range(pq.PQnfields(r))])
        return self.done(pq.PQdescribePrepared(self.conn, name.encode()), look)

    def execute(self, name, values):
        """Values in PostgreSQL's text form."""
        args = (ctypes.c_char_p * len(values))(*(v.encode() for v in values))
        self.done(self.pq.PQexecPrepared(self.conn, name.encode(), len(values), args, None, None, 0))
