#!/usr/bin/env python3
"""Processor time that the portal takes for a login, of two builds beside each other in one run: their logins alternate, the idle
time of each is measured before and taken off. The client's own work (card, agent's part) is not counted.
usage: login_pair.py OLD_BUILD NEW_BUILD [LOGINS]"""
import os
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "tests/lib"))
from bureau import Bureau  # noqa: E402

TICK, IDLE_SEC = os.sysconf("SC_CLK_TCK"), 5.0


def spent(pid):
    """(user, kernel) seconds of a process."""
    with open(f"/proc/{pid}/stat", encoding="ascii") as f:
        fields = f.read().rsplit(")", 1)[1].split()
    return int(fields[11]) / TICK, int(fields[12]) / TICK


class Side:
    def __init__(self, build):
        self.b = Bureau(build)
        self.b.start()
        self.b.yxkey("insert", "operator-1", check=True)
        self.pid = max(self.b.part("yinxin-portal") or self.b.part("portal"))
        self.user = self.kernel = self.wall = 0.0

    def idle(self):
        before = spent(self.pid)
        time.sleep(IDLE_SEC)
        after = spent(self.pid)
        self.rest = [(a - b) / IDLE_SEC for a, b in zip(after, before)]

    def logins(self, n):
        before, began = spent(self.pid), time.monotonic()
        for _ in range(n):
            self.b.login("operator-1")
        took, after = time.monotonic() - began, spent(self.pid)
        self.user += after[0] - before[0] - self.rest[0] * took
        self.kernel += after[1] - before[1] - self.rest[1] * took

    def ms(self, n):
        return 1000 * self.user / n, 1000 * self.kernel / n

    def close(self):
        if self.b.process and self.b.process.poll() is None:
            self.b.stop()
        self.b.remove()


def main():
    total = int(sys.argv[3]) if len(sys.argv) > 3 else 200
    sides = []
    try:
        for build in sys.argv[1:3]:
            sides.append(Side(build))
        for s in sides:
            s.logins_warm = s.b.login("operator-1")
            s.idle()
        for _ in range(10):
            for s in sides:
                s.logins(total // 10)
        n = total // 10 * 10
        sums = []
        for name, s in zip(("old", "new"), sides):
            user, kernel = s.ms(n)
            sums.append(user + kernel)
            print(f"{name}: portal, a login  {user + kernel:6.2f} ms  (user {user:.2f}, kernel {kernel:.2f})")
        print(f"new / old {sums[1] / sums[0]:.2f}  of {n} logins each")
    finally:
        for s in sides:
            s.close()


main()
