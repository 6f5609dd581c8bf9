#!/usr/bin/env python3
"""The bureau on somebody's machine: a data folder behind a link, with blanks in its path, twice on one machine, copied, unpacked,
old; its logs, its command line, its installation. TAP on stdout.  usage: machine.py BUILD_DIR"""
import glob
import json
import os
import pwd
import re
import shutil
import socket
import sqlite3
import subprocess
import sys
import threading
import time
import traceback
import urllib.parse

sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "lib"))
from bureau import ROOT, Bureau  # noqa: E402
from tap import check, count  # noqa: E402

BUILD = os.path.abspath(sys.argv[1])
IS_ROOT = os.geteuid() == 0
LOG_KIB, KEPT = 16, 4


def run(b, *args, program="yinxin", user=None, **env):
    kw = {}
    if user:  # by its open file: a checkout in root's home is closed to him
        pw = pwd.getpwnam(user)
        opened = os.open(b.program(program), os.O_RDONLY)
        kw = {"user": pw.pw_uid, "group": pw.pw_gid, "extra_groups": [], "executable": f"/proc/self/fd/{opened}", "pass_fds": [opened]}
    p = subprocess.run([b.program(program), *args], env=dict(b.env, **env), capture_output=True, text=True, timeout=40, cwd=b.dir,
                       stdin=subprocess.DEVNULL, **kw)
    if user:
        os.close(opened)
    p.said = p.stdout + p.stderr
    return p


def one_line(p):
    return p.stderr.strip().count("\n") == 0 and p.stderr.strip() != ""


def behind_a_link(b):
    """Started through a link whose target has blanks and Chinese characters in its path."""
    p = run(b, "log", "verify")
    check("log verify works through a link, path with blanks", p.returncode == 0 and "结论" in p.stdout, p.said)
    p = run(b, "log", "verify", "--data", b.data, YINXIN_DATA="/nonexistent")
    check("log verify --data LINK", p.returncode == 0, p.said)
    check("pages come through the edge", b.get("/").status == 200 and b.get("/assets/govuk.css").status == 200)
    b.yxkey("insert", "clerk-1", check=True)
    check("a login works", b.login("clerk-1").startswith("yx_session_"))
    b.yxkey("remove", "clerk-1", check=True)


def listing(b):
    out = b.output().decode("utf-8", "replace")
    rows = {k["name"]: k for k in b.demo["keys"]}
    check("who holds the first certificates is told", all(rows[n].get("holder") in out and rows[n]["holder"] for n in ("operator-1", "person-1")), rows)
    check("how a PIN was set is told", all(k.get("pin_set_by") for k in rows.values()) and rows["blank-1"]["pin_set_by"] == "未设置", rows.get("blank-1"))
    tail = out[out.index("ready "):].strip().splitlines()
    check("the start ends with what to do next", any("yxkey insert" in line for line in tail[-5:]) and any("stop" in line for line in tail[-5:]), tail[-3:])
    b.yxkey("insert", "operator-1", check=True)
    p = b.yxkey("list", check=True)
    check("yxkey list names holder and who set the PIN", rows["operator-1"]["holder"] in p.stdout
          and rows["operator-1"]["pin_set_by"] in p.stdout, p.stdout)
    row = json.loads(b.yxkey("list", "--json", check=True).stdout)[0]
    check("the same for programs", row.get("pin_by") == "demo", row)
    b.yxkey("remove", "operator-1", check=True)


def manual(b):
    """Every page of the site leads to the manual; every link and picture in it leads somewhere."""
    check("pages link the manual", all('href="/manual/"' in b.get(p).text for p in ("/", "/faq", "/login", "/no-such-page")))
    todo, seen, faults = ["/manual/"], set(), []
    while todo:
        path = todo.pop()
        seen.add(path)
        a = b.get(path)
        if a.status != 200:
            faults.append(f"{path}: {a.status}")
            continue
        if not (a.header("Content-Type") or "").startswith("text/html"):
            continue
        if path.startswith("/manual/"):
            if "<h1" not in a.text or "unsafe" in (a.header("Content-Security-Policy") or "unsafe"):
                faults.append(f"{path}: heading or policy")
            for link in re.findall(r'(?:href|src)="([^"#]+)"', a.text):
                to = urllib.parse.urljoin(path, link)
                if to not in seen and to not in todo:
                    todo.append(to)
    pages = [p for p in seen if p.startswith("/manual/")]
    check("no link of the manual leads nowhere", not faults and len(pages) >= 10, faults or pages)
    elder = b.get("/manual/denglu.html", cookie=f"yx_mode_{b.port}=elder").text
    check("the manual in large type", 'yx-elder"' in elder and 'yx-elder"' not in b.get("/manual/denglu.html").text)


def twice(b):
    p = run(b, "up")
    check("a second start on the folder says that it runs, where, and what to do",
          p.returncode == 1 and one_line(p) and str(b.process.pid) in p.stderr and str(b.port) in p.stderr and "yinxin stop" in p.stderr, p.said)
    other = Bureau(BUILD)
    try:
        p = run(other, "up", YINXIN_PORT=str(b.port))
        with open(os.path.join(b.data, "edge/nginx.pid")) as f:
            master = f.read().strip()
        check("another bureau on its port says who holds it", p.returncode == 1 and one_line(p) and "YINXIN_PORT" in p.stderr
              and re.search(r"\b(%s)\b" % "|".join([master] + children_of(master)), p.stderr), p.said)
        p = run(other, "up", YINXIN_AGENT_PORT=str(b.agent_port))
        check("the same of the agent's port", p.returncode == 1 and "YINXIN_AGENT_PORT" in p.stderr
              and ("yinxin-agent" if IS_ROOT else pwd.getpwuid(os.geteuid()).pw_name) in p.stderr, p.said)
        check("a start that is refused leaves no folders", not os.path.exists(other.data) or os.listdir(other.data) in ([], ["clock"]),
              other.data)
        p = run(other, "status")
        check("status of a folder without a bureau", p.returncode == 1 and "yinxin up" in p.said, p.said)
        link = os.path.join(os.path.dirname(other.data), "link-to-a-quote")
        os.symlink(os.path.join(os.path.dirname(other.data), 'a"b'), link)
        p = run(other, "status", YINXIN_DATA=link)
        os.unlink(link)
        check("a link to a path that no configuration can hold", p.returncode == 1 and "引号" in p.stderr and one_line(p), p.said)
        p = run(other, "stop")
        check("stop of a bureau that does not run", p.returncode == 0 and "没有运行" in p.said, p.said)
    finally:
        other.remove()
    check("the first lives", b.get("/healthz").status == 200)


def children_of(pid):
    found = []
    for p in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open(f"/proc/{p}/stat") as f:
                if f.read().rsplit(")", 1)[1].split()[1] == pid:
                    found.append(p)
        except OSError:
            continue
    return found


def words(b):
    for args in (["up"], ["status"], ["stop"], ["init"], ["clock"], ["verify"], ["log", "verify"], ["log"]):
        p = run(b, *args, "--help")
        check(f"yinxin {' '.join(args)} --help", p.returncode == 0 and f"yinxin {args[0]}" in p.stdout and not p.stderr, p.said[:200])
    for program, args, word in (("yinxin", ["frobnicate"], "frobnicate"), ("yinxin", ["up", "--frob"], "--frob"),
                                ("yinxin", ["log", "frob"], "frob"), ("yinxin", ["verify", "a", "b"], "b"), ("yinxin", ["--frob"], "--frob"),
                                ("yinxin-verify", ["--frob"], "--frob"), ("yxkey", ["frobnicate"], "frobnicate"),
                                ("yxkey", ["list", "--frob"], "--frob"), ("yinxin-portal", ["--frob"], "--frob"),
                                ("yinxin-signer", ["-o", "frob=1"], "frob"), ("yinxin-agent", ["-o", "frob=1"], "frob"),
                                ("yxcard", ["--frob"], "--frob"), ("yinxin-convert", ["frobnicate"], "frobnicate")):
        p = run(b, *args, program=program)
        check(f"{program} {' '.join(args)}: wrong usage, and the word is named", p.returncode == 2 and word in p.stderr and one_line(p), p.said)
    p = run(b, "clock", "12x")
    check("a wrong number is named", p.returncode == 2 and "12x" in p.stderr, p.said)


def engineers_faults(b):
    """What goes wrong at a command line is not for the hotline."""
    cases = [("yinxin", ["up"], {"YINXIN_SHARE": "/nonexistent", "YINXIN_DATA": b.dir + "/none"}), ("yinxin", ["verify", "/nonexistent"], {}),
             ("yinxin", ["verify", b.dir], {}), ("yinxin-verify", ["/nonexistent"], {}), ("yinxin", ["log", "verify", "--data", "/nonexistent"], {}),
             ("yinxin", ["clock", "1"], {"YINXIN_DATA": "/nonexistent"}), ("yinxin", ["up"], {"YINXIN_DATA": "/proc/none"}),
             ("yinxin", ["up"], {"YINXIN_PIN": "frob"}), ("yxkey", ["list"], {"YINXIN_SLOTS": "/nonexistent"}),
             ("yxkey", ["insert", "clerk-1"], {"YINXIN_DATA": "/nonexistent"}), ("yxkey", ["insert", "nobody-9"], {}),
             ("yxcard", ["-o", "keys=/proc/none", "-o", "slots=/proc/none"], {}), ("yinxin", ["up"], {"YINXIN_DATA": b.dir + "/a\"b"}),
             ("yinxin", ["up"], {"YINXIN_DATA": b.dir + "/" + "x" * 100})]
    for program, args, env in cases:
        p = run(b, *args, program=program, **env)
        check(f"{program} {' '.join(args)} {list(env.values())}: one line, without the hotline",
              p.returncode == 1 and one_line(p) and not re.search(r"12333|刷新页面|返回首页|系统管理员", p.said), p.said)


def flood(port, lines, talk):
    def many(n):
        for _ in range(n):
            try:
                with socket.create_connection(("127.0.0.1", port), timeout=5) as s:
                    s.sendall(talk)
                    s.recv(4096)
            except OSError:
                pass
    threads = [threading.Thread(target=many, args=(lines // 4,)) for _ in range(4)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()


def logs(b):
    """Limits forced small: agent and edge are made to write far more than is kept."""
    flood(b.agent_port, 1200, b"GET /v1/status HTTP/1.1\r\nHost: evil.example\r\nOrigin: http://evil.example\r\nConnection: close\r\n\r\n")
    flood(b.port, 1200, b"GET /login HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
    folder = os.path.join(b.data, "log")
    end = time.monotonic() + 10
    while time.monotonic() < end and not all(os.path.exists(f"{folder}/{n}.log.{i}") for n in ("agent", "nginx") for i in range(1, KEPT + 1)):
        time.sleep(0.1)
    files = sorted(glob.glob(folder + "/*"))
    for name in ("agent", "nginx"):
        own = [f for f in files if os.path.basename(f).startswith(name + ".log")]
        check(f"{name}: {KEPT} older files beside the present one", len(own) == KEPT + 1, own)
        check(f"{name}: none larger than the limit", all(os.path.getsize(f) <= LOG_KIB * 1024 + 4096 for f in own), [os.path.getsize(f) for f in own])
    text = {}
    for f in files:
        with open(f, encoding="utf-8") as h:
            text[f] = h.read()
    check("lines are whole", all(t == "" or t.endswith("\n") for f, t in text.items() if f != folder + "/agent.log")
          and all(re.match(r"t=\d{4}-\d\d-\d\dT[^\n]* ev=", line) for f, t in text.items() if "/agent.log" in f for line in t.splitlines()))
    check("logs are private", all(os.stat(f).st_mode & 0o077 == 0 and os.stat(f).st_uid == os.geteuid() for f in files), files)
    check("no log elsewhere", not [f for f in glob.glob(b.data + "/**/*.log", recursive=True) if os.path.dirname(f) != folder])
    everything = "".join(text.values())
    check("no PIN in a log", not [k["name"] for k in b.demo["keys"] if k["pin"] and k["pin"] in everything])
    feeds = [line for line in everything.splitlines() if re.search(r"request=(feed|crl|hello|status|roster-get)\b", line) and "lvl=info" in line]
    check("no line for what is asked every second", not feeds, feeds[:3])


def stop(b):
    p = run(b, "status")
    check("status of the running bureau", p.returncode == 0 and str(b.process.pid) in p.stdout and str(b.port) in p.stdout, p.said)
    parts = ("escrow", "signer", "notary", "convert", "portal", "nginx", "yxcard", "agent")
    check("status names every part", all(re.search(rf"^  {n} +运行中$", p.stdout, re.M) for n in parts), p.said)
    began = time.monotonic()
    p = run(b, "stop")
    b.process.wait(timeout=10)
    check("stop ends it within 5 s", p.returncode == 0 and time.monotonic() - began < 5 and not b.children(), p.said)
    p = run(b, "status")
    check("then status says so", p.returncode == 1 and "没有运行" in p.stdout, p.said)
    out = b.output().decode("utf-8", "replace")
    check("the second start said which bureau it goes on with", "继续使用" in out and os.path.realpath(b.data) in out, out[-300:])


def old_folder(b):
    db = os.path.join(os.path.realpath(b.data), "yinxin.db")
    with sqlite3.connect(db) as c:
        c.execute("DELETE FROM schema_version WHERE version = (SELECT max(version) FROM schema_version)")
    c.close()
    p = run(b, "log", "verify")
    check("log verify on a folder of an older version says: start it once", p.returncode == 1 and one_line(p) and "启动一次" in p.stderr, p.said)


def whole(b):
    b.start()
    for part in (behind_a_link, listing, manual, twice, words, engineers_faults):
        guarded(part, b)
    b.stop()
    b.start()
    for part in (logs, stop, old_folder):
        guarded(part, b)


def guarded(part, *args):
    try:
        part(*args)
    except Exception:
        check(f"{part.__name__} ran to its end", False, traceback.format_exc().replace("\n", " | "))


# --- foreign owners: only root can make them ---

def chown(path, uid):
    for folder, subs, names in os.walk(path):
        for n in [folder] + [os.path.join(folder, x) for x in names]:
            os.chown(n, uid, uid, follow_symlinks=False)


def foreign(b):
    b.start()
    b.stop()
    p = run(b, "up", user="nobody")
    check("a user's start on root's folder names file, owner and what to do", p.returncode == 1 and one_line(p) and "root" in p.stderr and "chown" in p.stderr, p.said)
    chown(os.path.join(b.data, "signer"), 12345)
    p = run(b, "up")
    check("root's start on an unpacked folder names file, owner and what to do", p.returncode == 1 and one_line(p) and "signer" in p.stderr
          and "12345" in p.stderr and "chown" in p.stderr, p.said)
    fix = re.search(r"(cd '.*?yinxin\.db\*)", p.stderr)
    check("the remedy can be pasted", fix is not None, p.stderr)
    if fix:
        chown(b.data, 12345)
        subprocess.run(["sh", "-c", fix[1]], check=True, env={"PATH": "/usr/sbin:/usr/bin:/sbin:/bin"})
        b.start()
        b.yxkey("insert", "clerk-1", check=True)
        check("and then it starts", b.login("clerk-1").startswith("yx_session_"))
        b.stop()


# --- a second checkout, where root's data lies in /var/lib/yinxin behind a link ---

def unreachable(b):
    os.chmod(b.dir, 0o700)
    b.start()
    b.stop()
    first = os.path.realpath(b.data)
    made = [first]
    check("root's data is put where the system users reach it", first.startswith("/var/lib/yinxin/"), first)
    try:
        p = run(b, "log", "verify")
        check("log verify works there", p.returncode == 0, p.said)
        copied = os.path.join(b.dir, "copied")
        os.symlink(first, copied)
        p = run(b, "up", YINXIN_DATA=copied)
        check("a copied checkout does not take up the bureau of the first", p.returncode == 1 and one_line(p) and first in p.stderr and b.data in p.stderr, p.said)
        root = open(os.path.join(first, "root.sm3")).read()
        os.remove(b.data)
        b.start()
        made.append(os.path.realpath(b.data))
        check("a new checkout at the same path gets a bureau of its own", open(os.path.join(b.data, "root.sm3")).read() != root, made)
        out = b.output().decode("utf-8", "replace")
        check("and is told of the older one", f"机构还在 {first}" in out and "ln -sfn" in out, out[-600:])
        b.stop()
        os.rename(b.data, os.path.join(b.dir, "moved"))
        p = subprocess.Popen([b.program("yinxin"), "up"], env=dict(b.env, YINXIN_DATA=os.path.join(b.dir, "moved")), stdout=subprocess.PIPE,
                             stderr=subprocess.STDOUT, text=True, cwd=b.dir)
        said = ""
        for line in p.stdout:
            said += line
            if line.startswith("ready "):
                break
        p.terminate()
        p.wait()
        check("a checkout that was moved goes on with its bureau and says so", "原属于" in said and "ready " in said, said)
    finally:
        for folder in set(made) | ({os.path.realpath(b.data)} if os.path.islink(b.data) else set()):
            if folder.startswith("/var/lib/yinxin/"):
                shutil.rmtree(folder, ignore_errors=True)


# --- installed elsewhere ---

def make(*args, **kw):
    return subprocess.run(["make", "-s", f"BUILD={os.path.relpath(BUILD, ROOT)}", *args], cwd=ROOT, capture_output=True, text=True, **kw)


def found_in(folder):
    return sorted(os.path.relpath(os.path.join(f, n), folder) for f, _s, names in os.walk(folder) for n in names)


def staged(b):
    stage = os.path.join(b.dir, "stage")
    p = make("install", f"DESTDIR={stage}")
    names = found_in(stage)
    check("make install DESTDIR= is done and quiet", p.returncode == 0 and names and not p.stdout.strip(), p.stdout + p.stderr)
    pages = {os.path.basename(n) for n in names if "/man/" in n}
    check("every man page is installed", pages == {n for n in os.listdir(os.path.join(ROOT, "man"))}, pages)
    programs = [n for n in names if n.endswith("/bin/yinxin")]
    check("the program is there", len(programs) == 1, names[:10])
    moved = os.path.join(b.dir, "put here")
    os.rename(stage, moved)
    b.program = lambda name: os.path.join(moved, os.path.dirname(programs[0]), name)
    b.start()
    check("it starts from where it was put", b.get("/").status == 200 and b.get("/assets/govuk.css").status == 200)
    b.yxkey("insert", "clerk-1", check=True)
    check("agent and driver work there", b.login("clerk-1").startswith("yx_session_"))
    maps = open(f"/proc/{b.part('yinxin-agent')[0]}/cmdline").read()
    check("nothing of the build tree is in use", BUILD not in maps + "".join(open(f).read() for f in glob.glob(b.data + "/conf/*.conf")))
    b.stop()
    p = make("uninstall", f"DESTDIR={moved}")
    check("make uninstall takes away what it installed", p.returncode == 0 and not found_in(moved), str(found_in(moved)[:5]) + p.stdout + p.stderr)
    share, elsewhere = os.path.join(stage, os.path.dirname(os.path.dirname(programs[0])), "share"), os.path.join(b.dir, "elsewhere")
    os.makedirs(os.path.dirname(share))
    os.mkdir(elsewhere)
    os.symlink(elsewhere, share)
    p = make("install", f"DESTDIR={stage}")
    check("a folder that is the owner's link stays one", p.returncode == 0 and os.path.islink(share) and os.listdir(elsewhere), p.stdout + p.stderr)
    p = make("uninstall", f"DESTDIR={stage}")
    check("and is empty again afterwards", p.returncode == 0 and os.path.islink(share) and not found_in(elsewhere), found_in(elsewhere)[:5])


def main():
    b = Bureau(BUILD)
    b.env["YINXIN_LOG_KIB"] = str(LOG_KIB)
    target = os.path.join(b.dir, "数据 目录")
    os.mkdir(target)
    os.symlink(target, b.data)
    scenes = [(whole, b), (staged, Bureau(BUILD))]
    if IS_ROOT:
        scenes += [(foreign, Bureau(BUILD)), (unreachable, Bureau(BUILD))]
    else:
        check("not root: foreign owners and /var/lib/yinxin are left out", True)
    for scene, own in scenes:
        try:
            guarded(scene, own)
        finally:
            own.remove()
    print(f"1..{count[0]}")
    return 1 if count[1] else 0


sys.exit(main())
