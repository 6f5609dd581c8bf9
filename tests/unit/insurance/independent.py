#!/usr/bin/python3
"""A thousand random persons, computed a second time with exact fractions from the same tables, must equal the program's
amounts to the fen, person by person and in total.  usage: independent.py BILL_TOOL TABLES_DIR [SEED]"""
import json
import random
import subprocess
import sys
from fractions import Fraction

tool, tables = sys.argv[1], sys.argv[2]
seed = int(sys.argv[3]) if len(sys.argv) > 3 else random.SystemRandom().randrange(1 << 32)
rng = random.Random(seed)


def rows(name, array):
    with open(f"{tables}/{name}", encoding="utf-8") as f:
        return json.load(f)[array]


INSURANCES = rows("insurances.json", "insurances")
RATES, BASES = rows("rates.json", "rates"), rows("bases.json", "bases")


def covers(row, month):
    return row["from"] <= month and (row["to"] == 0 or month <= row["to"])


def half_up(x):
    whole = x.numerator // x.denominator
    return whole + (1 if x - whole >= Fraction(1, 2) else 0)


def rate(ins, side, month, risk):
    found = [r for r in RATES if r["ins"] == ins and r["side"] == side and covers(r, month) and r.get("class", risk) == risk]
    assert len(found) == 1, (ins, side, month, risk, found)
    return Fraction(found[0]["ppm"], 1000000)


def person(month, wage, risk, floating, codes):
    limit = [b for b in BASES if covers(b, month)]
    assert len(limit) == 1
    base = min(max(wage, limit[0]["floor_fen"]), limit[0]["cap_fen"])
    out = []
    for ins in INSURANCES:
        if ins["code"] not in codes:
            continue
        unit = rate(ins["code"], "unit", month, risk)
        if ins["by_class"]:
            unit *= Fraction(floating, 1000000)
        own = half_up(base * rate(ins["code"], "person", month, risk)) if ins["person_pays"] else 0
        out.append((ins["code"], half_up(base * unit), own))
    return base, out


def draw():
    month = rng.choice([202401, 202412, 202512, 202601, 202611, 202612, 202701])
    wage = rng.choice([0, 1, 430799, 430800, 430801, 2153999, 2154000, 2154001, rng.randrange(10**9), rng.randrange(3 * 10**6),
                       rng.randrange(430800, 2154000), rng.randrange(430800, 2154000)])
    codes = [c for c in ("110", "210", "310", "410", "510") if rng.random() < 0.8] or ["110"]
    return month, wage, rng.randrange(1, 9), rng.choice([500000, 800000, 1000000, 1200000, 1500000]), codes


people = [draw() for _ in range(1000)]
text = "".join(f"{m} {w} {r} {f} {''.join(c)}\n" for m, w, r, f, c in people)
run = subprocess.run([tool, tables], input=text, capture_output=True, text=True, timeout=30)
got = run.stdout.splitlines()
faults, unit_sum, own_sum = [], 0, 0
for i, p in enumerate(people):
    base, shares = person(*p)
    unit_sum += sum(s[1] for s in shares)
    own_sum += sum(s[2] for s in shares)
    want = f"{base}" + "".join(f" {c}:{u}:{o}" for c, u, o in shares)
    if i >= len(got) or got[i] != want:
        faults.append(f"{p}: program {got[i] if i < len(got) else run.stderr.strip()}, here {want}")
total = f"total 1000 {unit_sum} {own_sum} {unit_sum + own_sum}"
print("1..2")
print(f"# seed {seed}")
print(f"{'not ok' if faults else 'ok'} 1 - a thousand persons, each amount")
for f in faults[:10]:
    print(f"# {f}")
same = bool(got) and got[-1] == total
print(f"{'ok' if same else 'not ok'} 2 - their total {(unit_sum + own_sum) / 100:.2f}")
if not same:
    print(f"# program: {got[-1] if got else run.stderr.strip()}; here: {total}")
sys.exit(0 if same and not faults else 1)
