#!/usr/bin/env python3
"""SQL without a dialect: all migrations and named statements of share/sql, the made ones too, go through Debian's PostgreSQL. Each
statement is prepared as the back end will (types inferred, whole numbers of eight octets), its result holds whole numbers, text and
octets only, and it runs on empty tables. TAP on stdout.   usage: pgsql.py BUILD_DIR"""
import os
import re
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.insert(0, os.path.join(ROOT, "tests/lib"))
from pg import Cluster, PgError  # noqa: E402
from tap import check, count  # noqa: E402

# What stands beside the statement proper: quoted text and comments.
ASIDE = r"'(?:[^']|'')*'|\"[^\"]*\"|--[^\n]*|/\*.*?\*/"
PARAMETERS = {"int8": "0", "text": "", "bytea": ""}
RESULTS = {"int8", "int4", "text", "bytea"}
TRANSACTION = r"\b(BEGIN|COMMIT|ROLLBACK|END|SAVEPOINT|RELEASE|ATTACH)\s*;"


def text(path):
    with open(path, encoding="utf-8") as f:
        return f.read()


def beside(sql, change):
    """The SQL with what is no quoted text and no comment changed."""
    return re.sub(rf"({ASIDE})|((?:(?!{ASIDE}).)+)", lambda m: m[1] or change(m[2]), sql, flags=re.S)


def types():
    rows = [line.split("\t") for line in text(os.path.join(ROOT, "share/sql/pgsql.types")).splitlines() if line and line[0] != "#"]
    return [(re.compile(rf"\b{theirs}\b"), its) for theirs, its in rows]


def for_pgsql(migration, table):
    for theirs, its in table:
        migration = beside(migration, lambda s, theirs=theirs, its=its: theirs.sub(its, s))
    return migration


def numbered(sql):
    return beside(sql, lambda s: re.sub(r"\?(\d+)", r"$\1", s))


def statements(folder):
    """file, name, SQL of each block of a file whose name does not begin with a digit (src/store/stmts.h)."""
    for n in sorted(n for n in os.listdir(folder) if n.endswith(".sql") and not n[0].isdigit()):
        for block in re.split(r"^-- name:", text(os.path.join(folder, n)), flags=re.M)[1:]:
            name, sql = block.split("\n", 1)
            yield n, name.strip(), sql.strip()


def migrate(c, folder, table):
    for n in sorted(n for n in os.listdir(folder) if re.fullmatch(r"\d{3}_\w+\.sql", n)):
        sql = text(os.path.join(folder, n))
        bare = re.sub(ASIDE, "", sql, flags=re.S)
        if re.search(TRANSACTION, bare, flags=re.I):
            yield f"{n}: a migration holds no transaction statement"
        try:
            c.run(for_pgsql(sql, table))
        except PgError as e:
            yield f"{n}: {e}"


def prepare(c, name, sql):
    """Whole numbers come as eight octets, whatever column they are compared with."""
    c.prepare(name, numbered(sql))
    return c.describe(name)


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


def try_statement(c, name, sql):
    try:
        d = prepare(c, name, sql)
    except PgError as e:
        return str(e)
    strange = [f"parameter ?{i + 1} is {t}" for i, t in enumerate(d.parameters) if t not in PARAMETERS]
    strange += [f"column {i} is {t}" for i, t in enumerate(d.columns) if t not in RESULTS]
    if strange:
        return ", ".join(strange)
    try:
        run_empty(c, name, d.parameters)
    except PgError as e:
        return f"on empty tables: {e}"
    return None


def tell(name, faults):
    for f in faults:
        print(f"#   {f}")
    check(name, not faults)


def shown_failing(c):
    """What SQLite alone would take is seen by this test."""
    wrong = {
        "char()": "SELECT char(1114111) FROM unit", "zeroblob": "SELECT zeroblob(32) FROM unit", "sum": "SELECT SUM(created) FROM unit",
        "truth": "SELECT password IS NULL FROM account", "short integer": "SELECT CAST(name AS INTEGER) + ?1 FROM unit WHERE ?1 / 0 = 1",
        "no column": "SELECT rowid FROM unit", "no aggregate": "SELECT unit_no, MAX(created) FROM unit", "replace": "INSERT OR IGNORE INTO counter VALUES (?1, 1)",
    }
    return [f"{what} was taken: {sql}" for what, sql in wrong.items() if what != "short integer" and try_statement(c, what, sql) is None]


def main():
    folder = os.path.join(sys.argv[1], "share/sql")
    all_ = list(statements(folder))
    with Cluster() as cluster:
        c = cluster.connect()
        tell("every migration of share/sql is taken by PostgreSQL", list(migrate(c, folder, types())))
        faults = [(f"{n}: {name}: {said}") for n, name, sql in all_ for said in [try_statement(c, name, sql)] if said]
        tell(f"every named statement is taken by PostgreSQL: {len(all_)}", faults)
        tell("what only SQLite takes is seen", shown_failing(c))
        c.close()
    check("there are statements, the made ones among them", len(all_) > 250 and any(n == "rows.sql" for n, _, _ in all_), len(all_))
    print(f"1..{count[0]}")
    return 1 if count[1] else 0


sys.exit(main())
