#!/usr/bin/env python3
"""Certificate status over HTTP beside a static file of the same size from the same nginx: a hot serial, one at random of many, by POST,
at 64 connections.   usage: ocsp.py BUILD_DIR [--against BUILD_DIR] [--rounds N] [--many N]

The many are serial numbers that the bureau never gave out: their answers ("unknown") are signed, kept and given like all others, and a
bench needs no thousand certificates for it. Everything is asked once before the clock runs, so that what can be signed beforehand is."""
import argparse
import base64
import os
import subprocess
import time
import urllib.parse

from beside import Bureau, load, rounds, show

SERIAL = bytes(range(0x41, 0x51))  # stands in the request that openssl makes; sixteen octets that are nowhere else in it


def request_template(b):
    ca = os.path.join(b.dir, "ca.pem")
    subprocess.run(["openssl", "x509", "-inform", "der", "-in", os.path.join(b.data, "ca/ca.cer"), "-out", ca], check=True)
    out = os.path.join(b.dir, "request.der")
    subprocess.run(["openssl", "ocsp", "-sm3", "-issuer", ca, "-serial", "0x" + SERIAL.hex(), "-no_nonce", "-reqout", out], check=True,
                   capture_output=True)
    with open(out, "rb") as f:
        der = f.read()
    assert der.count(SERIAL) == 1
    return der


def requests(b, many):
    template = request_template(b)
    ders = [template.replace(SERIAL, b"\x41" + i.to_bytes(15, "big")) for i in range(many)]
    gets = ["GET /ocsp/" + urllib.parse.quote(base64.b64encode(d).decode(), safe="") for d in ders]
    return gets, [f"POST /ocsp application/ocsp-request {d.hex()}" for d in ders]


def static_file(b, octets):
    folder = os.path.join(b.data, "edge/www/downloads/files")
    os.makedirs(folder, exist_ok=True)
    path = os.path.join(folder, "beside.bin")
    with open(path, "wb") as f:
        f.write(os.urandom(octets))
    os.chmod(path, 0o644)
    return ["GET /downloads/files/beside.bin"]


def main():
    p = argparse.ArgumentParser()
    p.add_argument("build")
    p.add_argument("--against")
    p.add_argument("--rounds", type=int, default=5)
    p.add_argument("--many", type=int, default=1000)
    a = p.parse_args()
    bureaus = {"": Bureau(a.build)} | ({", other build": Bureau(a.against)} if a.against else {})
    try:
        asks = {}
        for tag, b in bureaus.items():
            b.start()
            gets, posts = requests(b, a.many)
            for line in gets:
                assert b.request("GET", line.split()[1]).status == 200, line
            static = static_file(b, len(b.request("GET", gets[0].split()[1]).body))
            sets = {"static file": static, "hot serial, GET": gets[:1], "hot serial, POST": posts[:1], f"one of {a.many}, GET": gets,
                    f"one of {a.many}, POST": posts}
            for name, lines in sets.items():
                asks[name + tag] = lambda b=b, lines=lines: load(a.build, b.port, 64, 1200, lines)
        began = time.monotonic()
        show("64 connections", rounds(a.rounds, asks), "static file")
        print(f"# in {time.monotonic() - began:.0f} s")
    finally:
        for b in bureaus.values():
            b.remove()


main()
