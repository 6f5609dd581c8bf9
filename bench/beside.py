"""What page.py and ocsp.py share: programs that run beside each other, asked in turn, each round after the other."""
import json
import os
import re
import socket
import statistics
import subprocess
import sys
import tempfile
import time

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
sys.path.insert(0, os.path.join(ROOT, "tests/lib"))
from bureau import Bureau, free_port  # noqa: E402

TICK = os.sysconf("SC_CLK_TCK")


def load(build, port, connections, ms, lines):
    with tempfile.NamedTemporaryFile("w", suffix=".requests") as f:
        f.write("\n".join(lines) + "\n")
        f.flush()
        out = subprocess.run([os.path.join(build, "bench/yx_bench_load"), str(port), str(connections), str(ms), f.name],
                             capture_output=True, text=True, check=True).stdout
    return json.loads(out)


class Echo:
    """A bureau's own nginx configuration once more, before an SCGI server that does nothing."""

    def __init__(self, build, bureau, octets, threads=8):
        self.dir = tempfile.mkdtemp(prefix="yx-echo-")
        os.chmod(self.dir, 0o755)
        self.port = free_port()
        sock = os.path.join(self.dir, "echo.sock")
        with open(os.path.join(bureau.data, "edge/nginx.conf"), encoding="utf-8") as f:
            conf = f.read()
        conf = re.sub(r"unix:[^;]*/portal\.sock", "unix:" + sock, conf)
        conf = re.sub(rf":{bureau.port}\b", f":{self.port}", conf)
        conf = re.sub(r'(temp_path|cache_path|pid) "[^"]*/edge/', rf'\1 "{self.dir}/', conf)
        path = os.path.join(self.dir, "nginx.conf")
        with open(path, "w", encoding="utf-8") as f:
            f.write(conf)
        self.parts = [subprocess.Popen([os.path.join(build, "bench/yx_bench_echo"), sock, str(threads), str(octets)]),
                      subprocess.Popen(["/usr/sbin/nginx", "-p", self.dir, "-e", "stderr", "-c", path], stderr=subprocess.DEVNULL)]
        wait(self.port)

    def close(self):
        for p in reversed(self.parts):
            p.terminate()
            p.wait()
        subprocess.run(["rm", "-rf", self.dir], check=False)


def wait(port, limit=20):
    end = time.monotonic() + limit
    while time.monotonic() < end:
        with socket.socket() as s:
            if s.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.02)
    raise AssertionError(f"nobody at port {port}")


def cpu(pids):
    """Seconds of processor time so far."""
    total = 0
    for pid in pids:
        try:
            with open(f"/proc/{pid}/stat") as f:
                fields = f.read().rpartition(")")[2].split()
            total += (int(fields[11]) + int(fields[12])) / TICK
        except OSError:
            pass
    return total


def rounds(n, subjects):
    """subjects: {name: function giving a result of load()}; {name: (median p50, median rate, statuses)}."""
    got = {name: [] for name in subjects}
    for _ in range(n):
        for name, ask in subjects.items():
            got[name].append(ask())
    out = {}
    for name, results in got.items():
        statuses = {}
        for r in results:
            for k, v in r["status"].items():
                statuses[k] = statuses.get(k, 0) + v
        out[name] = (statistics.median(r["p50_us"] for r in results), statistics.median(r["rate"] for r in results), statuses)
    return out


def show(title, result, base):
    print(f"# {title}")
    for name, (p50, rate, statuses) in result.items():
        odd = {k: v for k, v in statuses.items() if k != "200"}
        print(f"{name:40} {p50:8.0f} us p50 {rate:10.0f} /s   {rate / result[base][1]:5.2f} of {base}" + (f"   {odd}" if odd else ""))


__all__ = ["Bureau", "Echo", "cpu", "load", "rounds", "show"]
