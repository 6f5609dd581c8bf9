"""share/sql as the store reads it (src/store/stmts.h, migrate.h): migrations and named statements."""
import os
import re

# What stands beside the statement proper: quoted text and comments.
ASIDE = r"'(?:[^']|'')*'|\"[^\"]*\"|--[^\n]*|/\*.*?\*/"


def text(path):
    with open(path, encoding="utf-8") as f:
        return f.read()


def beside(sql, change):
    """The SQL with what is no quoted text and no comment changed."""
    return re.sub(rf"({ASIDE})|((?:(?!{ASIDE}).)+)", lambda m: m[1] or change(m[2]), sql, flags=re.S)


def bare(sql):
    return re.sub(ASIDE, "", sql, flags=re.S)


def migrations(folder):
    for n in sorted(n for n in os.listdir(folder) if re.fullmatch(r"\d{3}_\w+\.sql", n)):
        yield n, text(os.path.join(folder, n))


def statements(folder):
    """file, name, SQL of each block."""
    for n in sorted(n for n in os.listdir(folder) if n.endswith(".sql") and not n[0].isdigit()):
        for block in re.split(r"^-- name:", text(os.path.join(folder, n)), flags=re.M)[1:]:
            name, sql = block.split("\n", 1)
            yield n, name.strip(), sql.strip()


def parameters(sql):
    return max((int(k) for k in re.findall(r"\?(\d+)", bare(sql))), default=0)
