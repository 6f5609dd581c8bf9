#!/usr/bin/env python3
"""SQL without a dialect: all migrations and named statements of share/sql, the made ones too, go through Debian's PostgreSQL. For each
statement it infers parameters that the store can bind (64-bit numbers, text, octets) and a result that the store can read, and
it runs it on empty tables. TAP on stdout.   usage: pgsql.py BUILD_DIR"""
import os
import re
import signal
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.insert(0, os.path.join(ROOT, "tests/lib"))
from pg import Cluster, PgError  # noqa: E402
from sql import bare, beside, migrations, statements, text  # noqa: E402
from tap import check, count  # noqa: E402

PARAMETERS = {"int8": "0", "text": "", "bytea": ""}
RESULTS = {"int8", "int4", "text", "bytea"}
BOUND = {"INT": "int8", "TEXT": "text", "BLOB": "bytea"}
TRANSACTION = r"(?:^|;)\s*(BEGIN|COMMIT|ROLLBACK|END|ABORT|START|SAVEPOINT|RELEASE|ATTACH)\b"

# What SQLite takes: none of it may pass.
WRONG = {
    "a character by its number": "SELECT name FROM unit WHERE name < char(1114111)",
    "zeros by their number": "SELECT serial FROM cert WHERE der = zeroblob(32)",
    "octets as bits": "SELECT serial FROM cert WHERE der = X'00'",
    "an optional filter": "SELECT serial FROM cert WHERE ?1 = 0 OR created = ?1",
    "an optional filter of a text": "SELECT serial FROM cert WHERE ?1 <> '' AND subject = ?1",
    "a number that stays short": "UPDATE cert SET created = CASE WHEN status = 1 THEN ?1 ELSE 0 END",
    "a sum": "SELECT COALESCE(SUM(created), 0) FROM unit",
    "a truth": "SELECT password IS NULL FROM account",
    "a shift by a long number": "SELECT 1 << state FROM cert_case",
    "a row's number": "SELECT rowid FROM unit",
    "a column beside an aggregate": "SELECT unit_no, MAX(created) FROM unit",
    "a conflict by the way": "INSERT OR IGNORE INTO counter (name, value) VALUES (?1, 1)",
    "an order by two columns of a name": "SELECT CAST(file AS TEXT) AS file, file FROM attachment_file ORDER BY file",
    "a text for a number": "SELECT CAST('12a' AS BIGINT)",
}


def types():
    rows = [line.split("\t") for line in text(os.path.join(ROOT, "share/sql/pgsql.types")).splitlines() if line[:1] != "#"]
    its = dict(rows)
    return re.compile(rf"\b({'|'.join(its)})\b"), its


def for_pgsql(migration):
    theirs, its = types()
    return beside(migration, lambda s: theirs.sub(lambda m: its[m[1]], s))


def numbered(sql):
    return beside(sql, lambda s: re.sub(r"\?(\d+)", r"$\1", s))


def migrate(c, folder):
    for n, sql in migrations(folder):
        if re.search(TRANSACTION, bare(sql), flags=re.I):
            yield f"{n}: a migration holds no transaction statement"
        try:
            c.run(for_pgsql(sql))
        except PgError as e:
            yield f"{n}: {e}"


def optional(sql):
    """A filter that the caller may leave out is a statement of its own: no index serves both."""
    return re.findall(r"\?\d+ *(?:=|<>|<=?|>=?) *(?:\d+|'[^']*')", sql)


def run_empty(c, name, parameters):
    """Nothing is there: a reference or check may be broken (class 23), anything else is a fault."""
    c.run("BEGIN")
    try:
        c.execute(name, [PARAMETERS[t] for t in parameters])
    except PgError as e:
        if not e.state.startswith("23"):
            raise
    finally:
        c.run("ROLLBACK")


def fault_of(c, name, sql):
    try:
        c.prepare(name, numbered(sql))
        d = c.describe(name)
        strange = [f"an optional filter: {f}" for f in optional(sql)]
        strange += [f"parameter ?{i + 1} is {t}" for i, t in enumerate(d.parameters) if t not in PARAMETERS]
        strange += [f"column {i} is {t}" for i, t in enumerate(d.columns) if t not in RESULTS]
        if not strange:
            run_empty(c, name, d.parameters)
        return ", ".join(strange)
    except PgError as e:
        return str(e)


def split_arguments(body, at):
    """The arguments between the bracket that is open at this place and the one that closes it."""
    depth, start, found = 1, at, []
    while depth:
        depth += {"(": 1, "[": 1, "{": 1, ")": -1, "]": -1, "}": -1}.get(body[at], 0)
        if depth == 0 or depth == 1 and body[at] == ",":
            found.append(body[start:at])
            start = at + 1
        at += 1
    return found


def bindings():
    """file, statement, kinds of each argument, wherever the code has them beside the statement's name."""
    call = re.compile(r'\btx_(?:exec|query|one)\(\s*[^,;]+,\s*"([\w.]+)",\s*SQL_ARGS\(')
    for folder, _, names in os.walk(os.path.join(ROOT, "src")):
        for path in (os.path.join(folder, n) for n in names if n.endswith(".c")):
            body = text(path)
            for m in call.finditer(body):
                yield os.path.relpath(path, ROOT), m[1], [set(re.findall(r"\bA_(INT|TEXT|BLOB)\(", a)) for a in split_arguments(body, m.end())]


def wrongly_bound(c):
    for path, name, arguments in bindings():
        inferred = c.describe(name).parameters
        yield from (f"{path}: {name}: ?{i + 1} is {t}, the code binds {' or '.join(kinds)}"
                    for i, (t, kinds) in enumerate(zip(inferred, arguments)) if any(BOUND[k] != t for k in kinds))


def tell(name, faults):
    for f in faults:
        print(f"#   {f}")
    check(name, not faults)


def main():
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # the server goes with us
    folder = os.path.join(sys.argv[1], "share/sql")
    named = list(statements(folder))
    check("there are statements, the made ones among them", len(named) > 250 and any(n == "rows.sql" for n, _, _ in named), len(named))
    with Cluster() as cluster:
        c = cluster.connect()
        faults = list(migrate(c, folder))
        tell("PostgreSQL takes every migration", faults)
        faults = ["not tried: the tables are not whole"] if faults else [
            f"{n}: {name}: {said}" for n, name, sql in named if (said := fault_of(c, name, sql))]
        tell("PostgreSQL takes every named statement", faults)
        tell("parameters are bound as PostgreSQL infers them", faults or list(wrongly_bound(c)))
        tell("what SQLite alone takes does not pass", [f"{what}: {sql}" for what, sql in WRONG.items() if not fault_of(c, what, sql)])
        c.close()
    print(f"1..{count[0]}")
    return 1 if count[1] else 0


sys.exit(main())
