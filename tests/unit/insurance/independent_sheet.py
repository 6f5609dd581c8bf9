#!/usr/bin/python3
"""The unit's contribution for the sheet as it lies in the file, in fen: zip, XML and fractions of the standard library only.
usage: independent_sheet.py FILE TABLES_DIR MONTH RISK_CLASS"""
import json
import sys
import xml.etree.ElementTree as ET
import zipfile
from decimal import Decimal
from fractions import Fraction

path, tables, month, risk = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
NS = {"m": "http://schemas.openxmlformats.org/spreadsheetml/2006/main"}


def rows(name, array):
    with open(f"{tables}/{name}", encoding="utf-8") as f:
        return json.load(f)[array]


def covers(r):
    return r["from"] <= month and (r["to"] == 0 or month <= r["to"])


def half_up(x):
    return (x + Fraction(1, 2)).__floor__()


with zipfile.ZipFile(path) as z:
    strings = ["".join(t.text or "" for t in si.iter("{%s}t" % NS["m"])) for si in ET.fromstring(z.read("xl/sharedStrings.xml")).findall("m:si", NS)]
    sheet = [r for r in ET.fromstring(z.read("xl/worksheets/sheet1.xml")).find("m:sheetData", NS)]


def values(row):
    out = {}
    for c in row:
        v = c.find("m:v", NS)
        if v is not None:
            out[c.get("r").rstrip("0123456789")] = strings[int(v.text)] if c.get("t") == "s" else v.text
    return out


head = {name: col for col, name in values(sheet[0]).items()}
insurances = {i["brief"]: i for i in rows("insurances.json", "insurances")}
base_row = [b for b in rows("bases.json", "bases") if covers(b)][0]
rates = {(r["ins"], r["side"], r.get("class", 0)): Fraction(r["ppm"], 10**6) for r in rows("rates.json", "rates") if covers(r)}
total = 0
for row in sheet[1:]:
    cells = values(row)
    wage = int((Decimal(cells[head["月工资"]]).quantize(Decimal("0.01"))) * 100)
    base = min(max(wage, base_row["floor_fen"]), base_row["cap_fen"])
    for brief in cells[head["参保险种"]].split(","):
        i = insurances[brief]
        total += half_up(base * rates[i["code"], "unit", risk if i["by_class"] else 0])
        total += half_up(base * rates[i["code"], "person", 0]) if i["person_pays"] else 0
print(total)
