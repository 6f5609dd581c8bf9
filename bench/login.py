#!/usr/bin/env python3
"""Wall-clock parts of a login against a running bureau of its own: challenge, card, answer, first page; and fsyncs and start
times. Medians of interleaved rounds.   usage: login.py BUILD_DIR"""
import http.client
import json
import os
import statistics
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "tests/lib"))
from bureau import Bureau  # noqa: E402

ROUNDS = 15


def ms(samples):
    return f"{statistics.median(samples) * 1000:9.2f} ms  (least {min(samples) * 1000:.2f}, most {max(samples) * 1000:.2f})"


def fsync_seconds(folder):
    path, samples = os.path.join(folder, "fsync.probe"), []
    with open(path, "wb") as f:
        for _ in range(50):
            f.write(b"x" * 4096)
            f.flush()
            began = time.perf_counter()
            os.fsync(f.fileno())
            samples.append(time.perf_counter() - began)
    os.unlink(path)
    return samples


def main():
    b = Bureau(sys.argv[1])
    try:
        began = time.perf_counter()
        b.start()
        first = time.perf_counter() - began
        b.stop()
        began = time.perf_counter()
        b.start()
        second = time.perf_counter() - began
        b.yxkey("insert", "operator-1", check=True)
        challenge, login, page, static = [], [], [], []
        for _ in range(ROUNDS):
            t = time.perf_counter()
            a = b.request("POST", "/login/challenge", body="{}", headers={"Content-Type": "application/json", "Origin": b.origin})
            assert a.status == 200, a.text
            challenge.append(time.perf_counter() - t)
            t = time.perf_counter()
            cookie = b.login("operator-1")
            login.append(time.perf_counter() - t)
            t = time.perf_counter()
            assert b.get("/unit", cookie=cookie).status == 200
            page.append(time.perf_counter() - t)
            t = time.perf_counter()
            assert b.get("/assets/yinxin.css").status == 200
            static.append(time.perf_counter() - t)
        print(f"start, empty folder to ready        {first:9.2f} s")
        print(f"start, second time                  {second:9.2f} s")
        print(f"fsync of 4 KiB                      {ms(fsync_seconds(b.data))}")
        print(f"login challenge over HTTP           {ms(challenge)}")
        print(f"login, whole, command line and card {ms(login)}")
        print(f"unit page over HTTP                 {ms(page)}")
        print(f"static file over HTTP               {ms(static)}")
    finally:
        if b.process and b.process.poll() is None:
            b.stop()
        b.remove()


main()
