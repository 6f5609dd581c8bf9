#!/bin/bash
# Gnumeric 1.12.55 (Debian 12), 2026-12-01: when every cell of a column has one style, its .xlsx writer (ssconvert) leaves the style off
# the cells and writes it at <col> alone. ECMA-376 part 1, 18.3.1.13: a column's style is for cells that are not there; a <c> without
# "s" has style 0 (18.3.1.4). So every reader that follows the standard sees a date as a plain number: openpyxl 3.0.9 gives 46357 with
# the number format General for 2026-12-01. Gnumeric itself shows the date.
# Exit 0: as described. 1: it behaves otherwise. 77: that version is not here.
set -u
command -v ssconvert >/dev/null && ssconvert --version 2>&1 | grep -q "'1\.12\.55'" || { echo "no Gnumeric 1.12.55"; exit 77; }
/usr/bin/python3 -c 'import openpyxl' 2>/dev/null || { echo "no openpyxl"; exit 77; }
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir" || exit 1
/usr/bin/python3 -W ignore - <<'PY'
import datetime, openpyxl
book = openpyxl.Workbook()
for day in (1, 2, 3):
    cell = book.active.cell(row=day, column=1, value=datetime.date(2026, 12, day))
    cell.number_format = "yyyy-mm-dd"
book.active.column_dimensions["A"].number_format = "yyyy-mm-dd"
book.save("in.xlsx")
PY
ssconvert in.xlsx out.xlsx >/dev/null 2>&1
/usr/bin/python3 -W ignore - <<'PY'
import openpyxl, re, zipfile
sheet = zipfile.ZipFile("out.xlsx").read("xl/worksheets/sheet1.xml").decode()
column = re.search(r'<col [^>]*min="1"[^>]*>', sheet)
cell = re.search(r'<c r="A1"[^>]*>', sheet).group(0)
back = openpyxl.load_workbook("out.xlsx").active["A1"]
print("gnumeric writes", column.group(0) if column else "no <col>", cell)
print("openpyxl reads", repr(back.value), back.number_format)
raise SystemExit(0 if column and "style=" in column.group(0) and " s=" not in cell and back.number_format == "General" else 1)
PY
