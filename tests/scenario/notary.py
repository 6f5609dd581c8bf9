#!/usr/bin/env python3
"""The notary from outside: status of certificates by openssl's own client, time stamps by openssl's own query, what happens
without the signer, after a restart, and with a bureau of an older build. TAP on stdout.  usage: notary.py BUILD_DIR"""
import base64
import os
import re
import signal
import subprocess
import sys
import tempfile
import time
import traceback
import urllib.parse

sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "lib"))
from bureau import Bureau  # noqa: E402
from tap import check, count  # noqa: E402

OCSP, TSQ = "application/ocsp-request", "application/timestamp-query"


def openssl(*args, data=None):
    p = subprocess.run(["openssl", *args], input=data, capture_output=True, timeout=30)
    return p.stdout + p.stderr


class Files:
    """PEM files that openssl wants: CA, root, and an end entity's certificate from a card."""

    def __init__(self, b, folder):
        self.dir = folder
        for name in ("root", "ca", "ocsp", "tsa", "log"):
            with open(f"{b.data}/ca/{name}.cer", "rb") as f:
                self.pem(name, f.read())

    def path(self, name):
        return os.path.join(self.dir, name)

    def pem(self, name, der):
        with open(self.path(name + ".der"), "wb") as f:
            f.write(der)
        with open(self.path(name + ".pem"), "w", encoding="ascii") as f:
            f.write("-----BEGIN CERTIFICATE-----\n" + base64.encodebytes(der).decode() + "-----END CERTIFICATE-----\n")


def ocsp_cli(b, f, name, *more):
    return openssl("ocsp", "-issuer", f.path("ca.pem"), "-cert", f.path(name + ".pem"), "-url", f"http://localhost:{b.port}/ocsp",
                   "-noverify", "-no_nonce", *more).decode("utf-8", "replace")


def ocsp_request(f, name, *more):
    out = f.path("request.der")
    openssl("ocsp", *more, "-issuer", f.path("ca.pem"), "-cert", f.path(name + ".pem"), "-reqout", out)
    with open(out, "rb") as h:
        return h.read()


def response_text(f, body):
    path = f.path("response.der")
    with open(path, "wb") as h:
        h.write(body)
    return openssl("ocsp", "-respin", path, "-noverify", "-resp_text").decode("utf-8", "replace")


def status_by_openssl(b, f):
    for name in ("tsa", "log", "ocsp"):
        text = ocsp_cli(b, f, name)
        check(f"openssl ocsp: certificate {name} is good", re.search(rf"{name}\.pem: good", text), text[-300:])
    for digest in ("-sm3", "-sha256", "-sha1"):
        body = ocsp_request(f, "tsa", digest)
        a = b.request("POST", "/ocsp", body, {"Content-Type": OCSP})
        text = response_text(f, a.body)
        check(f"identifiers by {digest[1:]} are answered in kind", a.status == 200 and "Cert Status: good" in text
              and a.header("Content-Type") == "application/ocsp-response", f"{a.status} {text[:300]}")
        check(f"nonce is echoed ({digest[1:]})", "OCSP Nonce" in text and nonce_of(text) == nonce_of(request_text(f)), text[:200])
    uri = openssl("x509", "-in", f.path("tsa.pem"), "-noout", "-ocsp_uri").decode().strip()
    check("certificates name this address", uri == f"http://localhost:{b.port}/ocsp", uri)
    text = openssl("ocsp", "-issuer", f.path("root.pem"), "-cert", f.path("tsa.pem"), "-url", f"http://localhost:{b.port}/ocsp",
                   "-noverify").decode("utf-8", "replace")
    check("identifiers of another authority: unauthorized", "unauthorized" in text, text)
    text = openssl("ocsp", "-issuer", f.path("ca.pem"), "-serial", "0x4711", "-url", f"http://localhost:{b.port}/ocsp",
                   "-noverify", "-no_nonce").decode("utf-8", "replace")
    check("a serial never issued: unknown", "0x4711: unknown" in text, text)


def request_text(f):
    return openssl("ocsp", "-reqin", f.path("request.der"), "-req_text").decode("utf-8", "replace")


def nonce_of(text):
    m = re.search(r"OCSP Nonce:[^\n]*\n\s*([0-9A-F]+)", text)
    return m and m.group(1)


def status_by_get(b, f):
    plain = base64.b64encode(ocsp_request(f, "tsa", "-no_nonce")).decode()
    for what, path in (("percent-encoded", urllib.parse.quote(plain, safe="")), ("as it is", plain)):
        a = b.request("GET", "/ocsp/" + path)
        check(f"GET with the request in the address, {what}", a.status == 200 and "Cert Status: good" in response_text(f, a.body), f"{a.status}")
    for path, want in (("/ocsp/%00", 400), ("/ocsp/@@@", 400), ("/ocsp/AAAA", 200), ("/ocsp", 200), ("/tsa", 200)):
        a = b.request("GET", path)
        check(f"GET {path}: {want}", a.status == want, f"{a.status}")
    check("GET of rubbish: malformed request", "malformed" in response_text(f, b.request("GET", "/ocsp/AAAA").body))


def bad_posts(b, f):
    good = ocsp_request(f, "tsa")
    rows = [
        ("another content type", "/ocsp", good, "text/plain", 400),
        ("no content type", "/ocsp", good, "", 400),
        ("a form", "/ocsp", b"a=b", "application/x-www-form-urlencoded", 400),
        ("a longer type", "/ocsp", good, OCSP + "x", 400),
        ("empty", "/ocsp", b"", OCSP, 400),
        ("over the maximum", "/ocsp", b"\x30" * 9000, OCSP, 413),
        ("a query", "/ocsp?x=1", good, OCSP, 400),
        ("stamp: another content type", "/tsa", good, OCSP, 400),
        ("stamp: over the maximum", "/tsa", b"\x30" * 5000, TSQ, 413),
        ("another method", "/ocsp", good, None, 405),
    ]
    for what, path, body, kind, want in rows:
        a = b.request("PUT" if kind is None else "POST", path, body, {"Content-Type": kind} if kind else {})
        check(f"{what}: {want}", a.status == want, f"{a.status} {a.text[:80]}")
    a = b.request("POST", "/ocsp", b"\x30\x03rub", {"Content-Type": OCSP})
    check("rubbish of the right type: malformed request", a.status == 200 and "malformed" in response_text(f, a.body))
    for n in range(0, len(good), 7):
        a = b.request("POST", "/ocsp", good[:n] or b"0", {"Content-Type": OCSP})
        if a.status != 200 or "malformed" not in response_text(f, a.body):
            check(f"request cut at {n}", False, f"{a.status}")
            return
    check("a request cut anywhere: malformed request", True)


def stamps(b, f):
    data = f.path("data")
    with open(data, "wb") as h:
        h.write("长沙市社会保险业务\n".encode())
    tsq, tsr = f.path("q.tsq"), f.path("r.tsr")
    openssl("ts", "-query", "-data", data, "-sm3", "-cert", "-out", tsq)
    with open(tsr, "wb") as out:
        subprocess.run(["curl", "-s", "-H", f"Content-Type: {TSQ}", "--data-binary", "@" + tsq, f"http://localhost:{b.port}/tsa"],
                       stdout=out, timeout=30, check=False)
    text = openssl("ts", "-reply", "-in", tsr, "-text").decode("utf-8", "replace")
    check("openssl ts -query, curl, openssl ts -reply: granted", "Status: Granted." in text and "Hash Algorithm: sm3" in text, text[:400])
    digest = openssl("dgst", "-sm3", "-r", data).decode().split()[0]
    stamped = "".join(re.findall(r"^    [0-9a-f]{4} - ([0-9a-f -]{47})", text, re.M)).replace(" ", "").replace("-", "")
    check("the stamp is over the file's SM3", digest in stamped, f"{digest} {stamped}")
    query = openssl("ts", "-query", "-in", tsq, "-text").decode()
    check("the nonce is the query's", re.search(r"Nonce: (\S+)", query).group(1) == re.search(r"Nonce: (\S+)", text).group(1), text)
    openssl("ts", "-query", "-data", data, "-sha256", "-out", tsq)
    with open(tsq, "rb") as h:
        a = b.request("POST", "/tsa", h.read(), {"Content-Type": TSQ})
    with open(tsr, "wb") as out:
        out.write(a.body)
    text = openssl("ts", "-reply", "-in", tsr, "-text").decode("utf-8", "replace")
    check("another imprint than SM3: rejected, bad algorithm", a.status == 200 and "Rejected" in text and "unrecognized" in text.lower(), text[:300])
    a = b.request("POST", "/tsa", b"rubbish", {"Content-Type": TSQ})
    with open(tsr, "wb") as out:
        out.write(a.body)
    text = openssl("ts", "-reply", "-in", tsr, "-text").decode("utf-8", "replace")
    check("rubbish: rejected, wrong format", a.status == 200 and "Rejected" in text and "wrong format" in text.lower(), text[:300])


def child(b, name):
    found = b.part(name)
    if len(found) != 1:
        raise AssertionError(f"{name} runs {len(found)} times")
    return found[0]


def own_user(b):
    if os.geteuid() != 0:
        return
    with open(f"/proc/{child(b, 'yinxin-notary')}/status", encoding="ascii") as f:
        text = f.read()
    uid = int(re.search(r"^Uid:\t(\d+)", text, re.M).group(1))
    with open(f"/proc/{child(b, 'yinxin-portal')}/status", encoding="ascii") as f:
        portal = int(re.search(r"^Uid:\t(\d+)", f.read(), re.M).group(1))
    check("the notary runs as a user of its own, with the filter in force", uid not in (0, portal) and "Seccomp:\t2" in text, text)


def without_signer(b, f):
    """A stopped signer gives no word: for a minute the last one counts, then nobody is called good any more."""
    pid = child(b, "yinxin-signer")
    os.kill(pid, signal.SIGSTOP)
    try:
        time.sleep(1.5)
        text = ocsp_cli(b, f, "tsa")
        check("signer silent for a moment: its last word counts", "tsa.pem: good" in text, text)
        subprocess.run([b.program("yinxin"), "clock", "90"], env=b.env, check=True, timeout=30)
        text = ocsp_cli(b, f, "tsa")
        check("its last word is older than a minute: try later, not good", "trylater" in text.lower() and "good" not in text, text)
    finally:
        os.kill(pid, signal.SIGCONT)
    text = retry(lambda: ocsp_cli(b, f, "tsa"), lambda t: "tsa.pem: good" in t)
    check("signer back: good again", "tsa.pem: good" in text, text)


def retry(call, good, seconds=15):
    end = time.monotonic() + seconds
    while True:
        value = call()
        if good(value) or time.monotonic() > end:
            return value
        time.sleep(0.2)


def killed(b, f):
    os.kill(child(b, "yinxin-notary"), signal.SIGKILL)
    text = retry(lambda: ocsp_cli(b, f, "log"), lambda t: "log.pem: good" in t)
    check("killed, it comes back with the same keys and answers", "log.pem: good" in text, text)


def older_bureau(b):
    b.stop()
    os.rename(f"{b.data}/notary/keys.bin", f"{b.data}/notary/away")
    p = subprocess.run([b.program("yinxin"), "up"], env=b.env, cwd=b.dir, capture_output=True, text=True, timeout=30)
    check("a bureau from before there was a notary is refused in words", p.returncode == 1 and "没有公证程序" in p.stderr, p.stderr)
    os.rename(f"{b.data}/notary/away", f"{b.data}/notary/keys.bin")


def main():
    b = Bureau(sys.argv[1])
    try:
        b.start()
        with tempfile.TemporaryDirectory(prefix="yx-") as folder:
            f = Files(b, folder)
            for part in (status_by_openssl, status_by_get, bad_posts, stamps):
                part(b, f)
            own_user(b)
            without_signer(b, f)
            killed(b, f)
            older_bureau(b)
    except Exception:  # noqa: BLE001
        check("no exception", False)
        print("# " + traceback.format_exc().replace("\n", "\n# "))
        print("# " + b.logs().replace("\n", "\n# "))
    finally:
        b.remove()
    print(f"1..{count[0]}")
    return 1 if count[1] else 0


if __name__ == "__main__":
    sys.exit(main())
