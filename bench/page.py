#!/usr/bin/env python3
"""A page, beside a bare SCGI echo behind the same nginx and (with --against) beside an older build: times, rates, what wakes while
idle.   usage: page.py BUILD_DIR [--against BUILD_DIR] [--rounds N]"""
import argparse
import os
import time

from beside import Bureau, Echo, cpu, load, rounds, show


def waits(pid):
    """How often the threads of a process gave up the processor of themselves."""
    total = 0
    for task in os.listdir(f"/proc/{pid}/task"):
        with open(f"/proc/{pid}/task/{task}/status") as f:
            total += next(int(line.split()[1]) for line in f if line.startswith("voluntary"))
    return total


def idle(b, seconds=3):
    names = {pid: name for pid, name in b.children().items() if name != "nginx"}
    names[b.process.pid] = "yinxin up"
    before = {pid: waits(pid) for pid in names}
    time.sleep(seconds)
    return {names[pid]: (waits(pid) - n) / seconds for pid, n in before.items() if os.path.exists(f"/proc/{pid}")}


def processor(build, subjects, connections=8, ms=1500):
    """Microseconds of processor time a request, of the process that answers."""
    print("# processor time a request, of the one process behind nginx")
    for name, (port, pid) in subjects.items():
        before = cpu([pid])
        got = load(build, port, connections, ms, ["GET /"])
        print(f"{name:40} {(cpu([pid]) - before) * 1e6 / max(1, sum(got['status'].values())):8.1f} us")


def main():
    p = argparse.ArgumentParser()
    p.add_argument("build")
    p.add_argument("--against")
    p.add_argument("--rounds", type=int, default=11)
    a = p.parse_args()
    bureaus = {"page /": Bureau(a.build)} | ({"page / of the other build": Bureau(a.against)} if a.against else {})
    echo = None
    try:
        for b in bureaus.values():
            b.start()
        first = next(iter(bureaus.values()))
        echo = Echo(a.build, first, len(first.get("/").body))
        time.sleep(1)
        for name, b in bureaus.items():
            print(f"# wake-ups a second while idle: {name}")
            for part, rate in sorted(idle(b).items()):
                print(f"{part:40} {rate:8.1f}")
        processor(a.build, {name: (b.port, b.part("yinxin-portal")[0]) for name, b in bureaus.items()}
                  | {"bare SCGI echo": (echo.port, echo.parts[0].pid)})
        for connections, ms in ((1, 250), (32, 500)):
            asks = {name: (lambda b=b: load(a.build, b.port, connections, ms, ["GET /"])) for name, b in bureaus.items()}
            asks["bare SCGI echo"] = lambda: load(a.build, echo.port, connections, ms, ["GET /"])
            asks["static file"] = lambda: load(a.build, first.port, connections, ms, ["GET /assets/yinxin.css"])
            result = rounds(a.rounds, asks)
            show(f"{connections} connection(s)", result, "bare SCGI echo")
            page = result["page /"][0]
            print(f"p50 of the page, of the echo's           {page / result['bare SCGI echo'][0]:8.2f} x")
            if a.against:
                print(f"p50 of the page, of the other build's    {page / result['page / of the other build'][0]:8.3f} x")
    finally:
        if echo:
            echo.close()
        for b in bureaus.values():
            b.remove()


main()
