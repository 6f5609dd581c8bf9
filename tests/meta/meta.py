#!/usr/bin/env python3
"""Tests of the tree itself: layers, banned calls, includes, headers that compile alone, documents that agree with the
code, and the table of function and file lengths. TAP on stdout; exit 1 when one fails.  usage: meta.py BUILD_DIR"""
import json
import os
import re
import shutil
import statistics
import subprocess
import sys
import tempfile

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
SRC = os.path.join(ROOT, "src")
results = []


def report(name, faults):
    ok = not faults
    results.append(ok)
    print(f"{'ok' if ok else 'not ok'} {len(results)} - {name}")
    for f in faults[:20]:
        print(f"#   {f}")


def files(*suffixes, under=SRC):
    for folder, subs, names in os.walk(under):
        subs[:] = [s for s in subs if s not in ("node_modules", ".git") and not s.startswith("build")]
        for n in sorted(names):
            if n.endswith(suffixes):
                yield os.path.join(folder, n)


def text(path):
    with open(path, encoding="utf-8") as f:
        return f.read()


def rel(path):
    return os.path.relpath(path, ROOT)


def code_only(s):
    s = re.sub(r"/\*.*?\*/", lambda m: "\n" * m.group().count("\n"), s, flags=re.S)
    s = re.sub(r"//[^\n]*", "", s)
    return re.sub(r'"(?:\\.|[^"\\\n])*"', '""', s)


# What each folder may include besides itself. Lower layers first (docs/architecture.md 2).
MAY = {
    "base": set(),
    "gm": {"base"},
    "ipc": {"base"},
    "sandbox": {"base"},
    "pki": {"base", "gm"},
    "store": {"base", "gm"},
    "web": {"base", "gm", "store"},
    "evidence": {"base", "gm", "ipc", "pki", "store"},
    "server": {"base", "gm", "ipc", "sandbox", "pki", "store", "web", "evidence"},
    "client": {"base", "gm", "ipc", "sandbox", "pki", "web", "evidence"},
    "cmd": {"base", "gm", "ipc", "sandbox", "pki", "store", "web", "evidence", "server", "client"},
}


def check_layers():
    faults = []
    for path in files(".c", ".h", ".def"):
        layer = rel(path).split(os.sep)[1]
        for inc in re.findall(r'#include "([^"]+)"', text(path)):
            target = inc.split("/")[0]
            if target not in MAY:
                faults.append(f"{rel(path)} includes {inc}: write the path from src/")
            elif target != layer and target not in MAY[layer]:
                faults.append(f"{rel(path)} ({layer}) includes {inc}")
            if layer == "client" and inc.startswith("web/") and not inc.startswith("web/http1"):
                faults.append(f"{rel(path)}: a client takes web/http1 only, not {inc}")
    report("layers are kept", faults)


# What a subject under server/ may include besides itself (docs/architecture.md 2). Services with a process of their own
# (signer, escrow, notary, convert) are reached through their client's header.
SUBJECT_MAY = {
    "escrow": set(),
    "signer": {"escrow"},
    "notary": {"signer"},
    "convert": set(),
    "register": {"signer"},
    "form": {"register", "convert"},
    "flow": {"form", "register", "signer"},
    "filing": {"flow", "form", "register", "convert", "signer"},
    "insurance": {"register"},
    "cert": {"filing", "flow", "form", "register", "signer"},
    "covered": {"cert", "filing", "insurance", "register"},
    "business": {"filing", "flow", "form", "insurance", "register", "convert"},
    "portal": {"business", "cert", "filing", "flow", "form", "insurance", "register", "convert", "notary", "signer"},
}


def check_subject_layers():
    faults = []
    for path in files(".c", ".h", under=os.path.join(SRC, "server")):
        own = rel(path).split(os.sep)[2]
        for inc in re.findall(r'#include "(server/[^"]+)"', text(path)):
            target = inc.split("/")[1]
            if target != own and target not in SUBJECT_MAY.get(own, set()):
                faults.append(f"{rel(path)} includes {inc}")
            if own == "form" and target == "register" and inc != "server/register/ident.h":
                faults.append(f"{rel(path)}: form takes register/ident.h only, not {inc}")
            if own == "form" and target == "convert" and inc != "server/convert/xlsx.h":
                faults.append(f"{rel(path)}: form takes convert/xlsx.h only, not {inc}")
    report("subjects under server/ include downwards only", faults)


def check_subject_circles():
    edges = {}
    for path in files(".c", ".h", under=os.path.join(SRC, "server")):
        own = rel(path).split(os.sep)[2]
        for inc in re.findall(r'#include "server/([^/"]+)/', text(path)):
            if inc != own:
                edges.setdefault(own, set()).add(inc)
    faults = []

    def walk(node, trail):
        for nxt in edges.get(node, ()):
            if nxt in trail:
                faults.append(" -> ".join(trail + [nxt]))
            else:
                walk(nxt, trail + [nxt])

    for n in list(edges):
        walk(n, [n])
    report("server subjects do not depend on each other in a circle", faults)


def check_library_homes():
    homes = [
        (r"#include <openssl/", ("src/gm/", "src/pki/"), "OpenSSL"),
        (r"#include <sqlite3", ("src/store/sqlite",), "SQLite"),
        (r"#include <libpq", ("src/store/pgsql",), "libpq"),
        (r"#include <(winscard|PCSC)", ("src/client/reader/",), "PC/SC"),
        (r"#include <seccomp", ("src/sandbox/",), "libseccomp"),
        (r"#include <curl/", ("src/cmd/",), "libcurl"),
        (r"\bEVP_\w+\s*\(", ("src/gm/",), "EVP calls"),
    ]
    faults = []
    for path in files(".c", ".h"):
        body = code_only(text(path))
        for pattern, allowed, what in homes:
            if re.search(pattern, body) and not rel(path).startswith(allowed):
                faults.append(f"{rel(path)} uses {what}, whose home is {', '.join(allowed)}")
    report("each library has one home", faults)


BANNED = r"\b(strcpy|strcat|sprintf|vsprintf|gets|strtok|gmtime|localtime|asctime|ctime|atoi|atol|system|popen|rand|srand|tmpnam|mktemp|alloca)\s*\("
PKI_BANNED = r"\b(X509_sign\w*|X509_verify\w*|X509_REQ_verify\w*|X509_CRL_verify\w*|X509_REQ_sign\w*|CMS_\w+|OCSP_\w*sign\w*|PKCS7_\w+)\s*\("

PKI_REFEREE = "tests/interop/ossl_path.c"  # libcrypto itself, as another implementation's judgement of ours


def check_banned():
    faults = []
    for path in list(files(".c", ".h")) + list(files(".c", under=os.path.join(ROOT, "tests"))):
        body = code_only(text(path))
        if path.endswith("base/ban.h"):
            continue
        for i, line in enumerate(body.split("\n"), 1):
            for m in re.finditer(BANNED, line):
                faults.append(f"{rel(path)}:{i} {m.group(1)}")
            for m in re.finditer(PKI_BANNED, line if rel(path) != PKI_REFEREE else ""):
                faults.append(f"{rel(path)}:{i} {m.group(1)}: libcrypto is a DER codec only")
    report("no banned call", faults)


def check_libraries_do_not_print():
    faults = []
    for path in files(".c"):
        if rel(path).startswith(("src/cmd/", "src/base/log.c", "src/base/conf_main.c", "src/base/err.c")):
            continue
        for i, line in enumerate(code_only(text(path)).split("\n"), 1):
            if re.search(r"\b(printf|fprintf|puts|perror)\s*\(", line) and "dprintf" not in line:
                faults.append(f"{rel(path)}:{i} {line.strip()}")
    report("libraries do not print", faults)


def check_left_for_later():
    faults = []
    for path in list(files(".c", ".h", ".mustache", ".mjs", ".py", ".sql")) + list(files(".mjs", ".py", ".sh", under=os.path.join(ROOT, "tests"))):
        if path.endswith("meta.py"):
            continue
        for i, line in enumerate(text(path).split("\n"), 1):
            if re.search(r"\b(TODO|FIXME|XXX|HACK)\b", line):
                faults.append(f"{rel(path)}:{i}")
    report("nothing is left for later in the code", faults)


def check_headers_alone():
    faults = []
    cc = shutil.which("gcc") or "cc"
    with tempfile.TemporaryDirectory() as tmp:
        for path in files(".h"):
            if path.endswith("ban.h"):
                continue
            unit = os.path.join(tmp, "one.c")
            with open(unit, "w", encoding="utf-8") as f:
                name = os.path.relpath(path, SRC)
                f.write(f'#include "{name}"\n#include "{name}"\nint yx_alone_;\n')
            r = subprocess.run([cc, "-std=gnu17", "-D_GNU_SOURCE", "-Wall", "-Wextra", "-Werror", "-fsyntax-only", "-I", SRC, unit],
                               capture_output=True, text=True)
            if r.returncode:
                faults.append(f"{rel(path)}: {r.stderr.strip().splitlines()[0]}")
    report("every header compiles alone and twice", faults)


def check_punctuation():
    """Chinese text that people read has Chinese punctuation."""
    mixed = re.compile("[\u4e00-\u9fff”）][,;:!?()]|[,;:!?()][\u4e00-\u9fff“（]")
    share = os.path.join(ROOT, "share")
    faults = []
    for path in list(files(".mustache", under=share)) + [os.path.join(share, "tables", f"{n}.json") for n in ("notices", "guide", "downloads", "faq", "windows")]:
        said = re.sub(r"\{\{[^}]*\}\}|<[^>]*>", "", text(path))
        faults += [f"{rel(path)}: {said[max(0, m.start() - 12):m.end() + 12]!r}" for m in mixed.finditer(said)]
    for path in [os.path.join(SRC, "base", "err.def"), *files(".c", under=os.path.join(SRC, "server", "business"))]:
        for said in re.findall(r'"((?:[^"\\]|\\.)*)"', text(path)):
            faults += [f"{rel(path)}: {said}" for _ in mixed.finditer(said)]
    report("Chinese text has Chinese punctuation", faults)


def check_error_table():
    names, codes, faults = set(), set(), []
    rows = re.findall(r'^ROW\((\w+)\s*,\s*"([^"]+)"\s*,\s*(\w+)\s*,\s*(\d+)\s*,\s*(0x[0-9A-Fa-f]+)\s*,\s*(0x[0-9A-Fa-f]+)\s*,\s*"([^"]+)"\s*,\s*"([^"]+)"\s*,\s*"([^"]+)"\)',
                      text(os.path.join(SRC, "base/err.def")), flags=re.M)
    total = len(re.findall(r"^ROW\(", text(os.path.join(SRC, "base/err.def")), flags=re.M))
    if len(rows) != total:
        faults.append(f"{total - len(rows)} rows are not complete")
    for name, code, *_rest in rows:
        if name in names:
            faults.append(f"name twice: {name}")
        if code in codes:
            faults.append(f"code twice: {code}")
        names.add(name)
        codes.add(code)
    login = text(os.path.join(ROOT, "docs/protocol/login.md"))
    for _n, code, *_r in rows:
        if code.startswith("L-") and code not in login:
            faults.append(f"docs/protocol/login.md does not explain {code}")
    used = " ".join(text(p) for p in files(".c", ".h"))
    for name in names:
        if not re.search(rf"\b(ERR_{name}|ERR\({name}\b)", used) and f'"{dict((r[0], r[1]) for r in rows)[name]}"' not in used:
            web = " ".join(text(p) for p in files(".mjs", ".js", under=os.path.join(ROOT, "share")))
            if dict((r[0], r[1]) for r in rows)[name] not in web:
                faults.append(f"no code raises {name}")
    report("the error table is whole, explained and used", faults)


def check_readmes():
    faults = []
    for folder, subs, names in os.walk(SRC):
        if any(n.endswith((".c", ".h")) for n in names):
            p = os.path.join(folder, "README.md")
            if not os.path.exists(p):
                faults.append(f"{rel(folder)} has no README.md")
            elif len(text(p).splitlines()) > 45:
                faults.append(f"{rel(p)} is longer than a screen")
    report("every source folder opens with a README of a screen", faults)


def programs(build):
    """What an installation puts into bin."""
    r = subprocess.run(["meson", "introspect", "--installed", build], capture_output=True, text=True)
    return sorted(src for src, to in json.loads(r.stdout).items() if os.path.basename(os.path.dirname(to)) == "bin")


def options_of(said):
    """Long options and configuration keys that a --help prints."""
    keys = re.findall(r"^\s*([a-z_]+)(?= {2,}|=|\s+\()", said, flags=re.M)
    return set(re.findall(r"(?<![\w-])(--[a-z][a-z-]+)", said)) | set(keys)


def check_programs_documented(build):
    faults = []
    pages = {p[:-2]: p for p in os.listdir(os.path.join(ROOT, "man")) if re.fullmatch(r".*\.[18]", p)}
    exes = programs(build)
    names = {os.path.basename(e) for e in exes}
    if len(names) < 10:
        faults.append(f"only these programs: {sorted(names)}")
    faults += [f"{pages[n]} describes no program" for n in sorted(set(pages) - names)]
    meson = text(os.path.join(ROOT, "meson.build"))
    faults += [f"{p} is not installed" for p in pages.values() if f"man/{p}" not in meson]
    for exe in exes:
        name = os.path.basename(exe)
        if name not in pages:
            faults.append(f"{name} has no man page")
            continue
        where = os.path.join(ROOT, "man", pages[name])
        page = text(where).replace("\\-", "-").replace("\\(en", "-")
        r = subprocess.run([exe, "--help"], capture_output=True, text=True, timeout=10)
        if r.returncode != 0 or len(r.stdout) < 40:
            faults.append(f"{name} --help: status {r.returncode}, {len(r.stdout)} octets")
        said = r.stdout
        for words in sorted(set(re.findall(rf"^(?:usage|用法)?:? *{name} ([a-z]+(?: [a-z]+)?)\b", said, flags=re.M))):
            command = words.split()
            help_ = subprocess.run([exe, *command, "--help"], capture_output=True, text=True, timeout=10)
            if help_.returncode != 0 or not help_.stdout:
                faults.append(f"{name} {words} --help: status {help_.returncode}")
            if command[0] not in page:
                faults.append(f"{rel(where)} does not name the command {words}")
            said += help_.stdout
        for variable in set(re.findall(r"\bYINXIN_[A-Z_]+", said)):
            if variable not in page:
                faults.append(f"{rel(where)} does not name {variable}")
        for option in sorted(options_of(said)):
            if option not in page:
                faults.append(f"{rel(where)} does not name {option} of {name} --help")
        r = subprocess.run([exe, "--no-such-option"], capture_output=True, text=True, timeout=10)
        if r.returncode != 2 or "--no-such-option" not in r.stderr:
            faults.append(f"{name}: wrong usage exits {r.returncode}, says {r.stderr.strip()[:80]}")
    report("every program has --help, a man page that names its options, is installed, and exits 2 on wrong usage", faults)


def check_shell_remedies():
    """What a command prints is for who stands at it: through cmd/complain.h, never the remedy for a page."""
    faults = [f"{rel(p)} prints err_remedy()" for p in files(".c", ".h", under=os.path.join(SRC, "cmd")) if re.search(r"\berr_remedy\(", text(p))]
    faults += [f"{rel(p)} says 12333" for p in files(".c", ".h", under=os.path.join(SRC, "cmd")) if "12333" in text(p)]
    report("no command sends an engineer to the hotline", faults)


def check_temporary_names():
    """A name under /tmp that everybody can guess may be somebody else's, or a link."""
    faults = []
    for folder in ("tests", "bench", "tools", "packaging", "src"):
        for p in files(".c", ".h", ".py", ".mjs", ".sh", under=os.path.join(ROOT, folder)):
            for i, line in enumerate(text(p).split("\n"), 1):
                hit = re.search(r"""["'](?:\$\{?TMPDIR\}?|/tmp)/[\w.%/-]+""", line)
                if hit and "XXXXXX" not in line and "O_CREAT" not in line and "meta.py" not in p:
                    faults.append(f"{rel(p)}:{i} {hit[0]}")
                if re.search(r"tmpdir\(\), *[\"'`][\w-]+[\"'`]", line) and "mkdtemp" not in line:
                    faults.append(f"{rel(p)}:{i} {line.strip()}")
    report("no test file has a guessable name in /tmp", faults)


def check_readme_commands():
    """Both READMEs open with the same two commands, name every target, and no command that does not exist."""
    faults = []
    make = text(os.path.join(ROOT, "Makefile"))
    targets = set(re.findall(r"^([a-z-]+):", make, flags=re.M))
    told = targets - {"setup-build", "setup-run", "setup-all", "all", "assets", "build"}
    for name in ("README.md", "README.zh-CN.md"):
        body = text(os.path.join(ROOT, name))
        block = re.search(r"^## (?:Two commands|两条命令)$.*?\n((?:    .*\n)+)", body, flags=re.M | re.S)
        said = re.findall(r"^    (make \w+)", block[1], flags=re.M) if block else []
        if said != ["make run", "make test"]:
            faults.append(f"{name}: the two commands are {said}")
        named = set(re.findall(r"`make ([a-z-]+)", body)) | set(re.findall(r"^    make ([a-z-]+)", body, flags=re.M))
        faults += [f"{name} does not name make {t}" for t in sorted(told - named)]
        faults += [f"{name} names make {t}, which is no target" for t in sorted(named - targets)]
    report("the READMEs name what can be run", faults)


def check_templates():
    folder = os.path.join(ROOT, "share/templates")
    have = {n[:-9] for n in os.listdir(folder) if n.endswith(".mustache")}
    used, faults = set(), []
    for n in have:
        for part in re.findall(r"\{\{>\s*([\w/-]+)\s*\}\}", text(os.path.join(folder, n + ".mustache"))):
            used.add(part)
            if part not in have:
                faults.append(f"{n} includes {part}, which does not exist")
        body = text(os.path.join(folder, n + ".mustache"))
        if re.search(r"\{\{\{|\{\{&", body):
            faults.append(f"{n} writes without escaping")
        if re.search(r"<style|\bstyle=|\bon[a-z]+=\"|<script(?![^>]*src=)(?![^>]*application/json)", body):
            faults.append(f"{n} has inline script or style")
    code = " ".join(text(p) for p in files(".c", ".h"))
    for n in have - used:
        if f'"{n}"' not in code:
            faults.append(f"nothing names the template {n}")
    for view in re.findall(r'web_view\(\s*\w+\s*,\s*"([^"]+)"', code):
        if view not in have:
            faults.append(f"view {view} does not exist")
    report("every template exists, is used and is free of inline code", faults)


def made_sql(build, written, faults):
    """The statements made at build (tools/rows_sql.c): those that the constants of their tables run are not named in the code."""
    made = text(os.path.join(build, "share/sql/rows.sql"))
    tables = set(re.findall(r'LOG_TABLE\("(\w+)"', " ".join(text(p) for p in files("covered.c"))))
    names = re.findall(r"^-- name: ([\w.]+)", made, flags=re.M)
    faults += [f"statement twice: {n}" for n in sorted(names) if names.count(n) > 1 or n in written]
    by_table = {f"cover_{t}_{k}" for t in tables for k in ("get", "get_many", "newest", "all")} | {n for n in names if re.fullmatch(r"\w+_put_(16|4|1)", n)}
    by_table |= {f"change_{t}_{k}" for t in tables for k in ("read", "written", "close")}
    faults += [f"no statement {n}" for n in (f"cover_{t}_{k}" for t in sorted(tables) for k in ("get", "all")) if n not in names]
    faults += [f"{rel(p)} names a table under the log: its subject declares it" for p in files(".c", ".h", under=os.path.join(SRC, "evidence"))
               if re.search(r'"cover_\w|"gone_\w', text(p))]
    return {n for n in names if n not in by_table}


def check_sql(build):
    folder, faults = os.path.join(ROOT, "share/sql"), []
    named = set()
    for n in sorted(os.listdir(folder)):
        if n[0].isdigit() or not n.endswith(".sql"):
            continue
        for name in re.findall(r"^-- name: ([\w.]+)", text(os.path.join(folder, n)), flags=re.M):
            if name in named:
                faults.append(f"statement twice: {name}")
            named.add(name)
    code = " ".join(text(p) for p in files(".c"))
    tests = " ".join(text(p) for p in files(".c", under=os.path.join(ROOT, "tests")))
    named |= made_sql(build, named, faults)
    for name in named:
        if f'"{name}"' not in code and f'"{name}"' not in tests:
            faults.append(f"nobody runs {name}")
    for path in files(".c"):
        if re.search(r'"[^"\n]*\b(SELECT\b[^"\n]*\bFROM|INSERT INTO|DELETE FROM|UPDATE \w+ SET)\b', text(path)) and not rel(path).startswith("src/store/"):
            faults.append(f"{rel(path)} holds SQL text")
    report("SQL is named, used, and only in share/sql", faults)


def check_packages():
    faults = []
    for line in text(os.path.join(ROOT, "tools/packages.txt")).splitlines():
        if line.startswith("#") or not line.strip():
            continue
        if len(line.split(None, 3)) < 4:
            faults.append(f"no reason: {line}")
    report("every Debian package has its reason", faults)


def check_secrets_stay_out():
    faults = []
    for path in files(".c"):
        for i, line in enumerate(text(path).split("\n"), 1):
            if re.search(r"\b(LOG|ERR|log_line|err_note)\s*\(.*\b(pin|secret|scalar|password|id_number)\b\s*[,)]", code_only(line)):
                faults.append(f"{rel(path)}:{i} {line.strip()}")
    report("no log or error line takes a secret", faults)


def check_form():
    paths = [p for folder in ("src", "tests", "bench") for p in files(".c", ".h", under=os.path.join(ROOT, folder))]
    done = subprocess.run(["clang-format", "--style=file", "--dry-run", "--ferror-limit=0"] + paths, cwd=ROOT, stderr=subprocess.PIPE, text=True)
    said = done.stderr.splitlines()
    faults = [os.path.relpath(line, ROOT) for line in said if "[-Wclang-format-violations]" in line]
    if done.returncode != 0 and not faults:
        faults = [f"clang-format: {done.stderr}"]
    for p in paths:
        faults += [f"{rel(p)}:{i} sizeof without brackets" for i, line in enumerate(text(p).split("\n"), 1)
                   if re.search(r"\bsizeof [^(]", code_only(line))]
    report("C code has the form of .clang-format (make format)", faults)


def functions(path):
    """Lengths of functions: from a line that opens one with '{' in column 0 (or at the end of a signature) to '}' in column 0."""
    start, out = None, []
    lines = text(path).split("\n")
    for i, line in enumerate(lines):
        if line == "{":
            start = i
        elif line == "}" and start is not None:
            out.append(i - start - 1)
            start = None
    return out


def length_table():
    fun, fil = [], []
    for path in files(".c", ".h"):
        fil.append((len(text(path).split("\n")) - 1, rel(path)))
        if path.endswith(".c"):
            fun += [(n, rel(path)) for n in functions(path)]
    lengths = sorted(n for n, _ in fun)
    flen = sorted(n for n, _ in fil)

    def decile(v):
        return v[min(len(v) - 1, int(len(v) * 0.9))]

    print("# lengths in lines        median  ninth decile  longest   (style.md: median 13-20, nine of ten under 55, files under 450)")
    print(f"# functions {len(lengths):5d}         {statistics.median(lengths):6.0f}  {decile(lengths):12d}  {lengths[-1]:7d}   {max(fun)[1]}")
    print(f"# files     {len(flen):5d}         {statistics.median(flen):6.0f}  {decile(flen):12d}  {flen[-1]:7d}   {max(fil)[1]}")
    faults = [f"{n} lines: {p}" for n, p in fun if n > 100]
    report("no function of more than a hundred lines", faults)


def main():
    build = sys.argv[1] if len(sys.argv) > 1 else os.path.join(ROOT, "build")
    check_layers()
    check_subject_layers()
    check_subject_circles()
    check_library_homes()
    check_banned()
    check_libraries_do_not_print()
    check_left_for_later()
    check_form()
    check_headers_alone()
    check_error_table()
    check_punctuation()
    check_readmes()
    check_templates()
    check_sql(build)
    check_packages()
    check_secrets_stay_out()
    check_programs_documented(build)
    check_shell_remedies()
    check_temporary_names()
    check_readme_commands()
    length_table()
    print(f"1..{len(results)}")
    return 0 if all(results) else 1


sys.exit(main())
