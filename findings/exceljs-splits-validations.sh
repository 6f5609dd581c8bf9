#!/bin/sh
# ExcelJS takes a data validation apart into one object a CELL when it reads (a column to row 20,001 is 20,000 objects; a whole column
# a million) and puts the ranges together by TEXT order when it writes: after a mere read and write D2:D31 comes back as two overlapping
# rules, D10:D31 and D2:D31. A reader that wants one rule a cell is given two.
# For Yinxin: templates that a filer's program fills come back so: never judge a file by its validations; keep ranges in our
# templates as long as the table, not as the column. Seen 2026-12-01: exceljs 4.4.0 (npm), python3-xlsxwriter 3.0.2-2 (Debian 12).
set -eu
v=$(dpkg-query -W -f '${Version}' python3-xlsxwriter 2>/dev/null || true)
case $v in 3.0.2-2*) ;; *) echo "skip: python3-xlsxwriter 3.0.2-2 is not installed"; exit 77 ;; esac
D=$(mktemp -d)
trap 'rm -rf "$D"' EXIT INT TERM
cd "$D"
npm init -y >/dev/null 2>&1 && npm install --ignore-scripts --silent --no-audit --no-fund exceljs@4.4.0 >/dev/null 2>&1 || { echo "skip: exceljs@4.4.0 is not to be had"; exit 77; }
make() { /usr/bin/python3 -c "
import sys, xlsxwriter
w = xlsxwriter.Workbook(sys.argv[1])
s = w.add_worksheet('参保')
s.write_row(0, 0, ['姓名', '证件号码', '月份', '险种'])
s.data_validation(sys.argv[2], {'validate': 'list', 'source': ['养老', '工伤']})
w.close()" "$1" "$2"; }
make a.xlsx D2:D31; make nine.xlsx D2:D9; make long.xlsx D2:D20001
cat >a.js <<'JS'
const E = require('exceljs')
;(async () => {
  for (const f of ['a', 'nine', 'long']) {
    const w = new E.Workbook()
    await w.xlsx.readFile(f + '.xlsx')
    console.log(f, Object.keys(w.worksheets[0].dataValidations.model).length)
    if (f !== 'long') await w.xlsx.writeFile(f + '2.xlsx')
  }
})()
JS
ranges() { unzip -p "$1" xl/worksheets/sheet1.xml | grep -o 'sqref="D[^"]*"' | tr '\n' ' '; }
echo "2026-12-01 exceljs 4.4.0, python3-xlsxwriter $v"
echo "expected: one rule, D2:D31, before and after"
node a.js >counts
echo "seen, in memory: $(tr '\n' ',' <counts) objects"
echo "before: $(ranges a.xlsx) seen, after read and write: $(ranges a2.xlsx)"
echo "control, D2:D9 (text order is number order): $(ranges nine2.xlsx)"
echo "means: a template is not the same file after a program has filled it"
[ "$(ranges a2.xlsx)" = 'sqref="D10:D31" sqref="D2:D31" ' ] && [ "$(ranges nine2.xlsx)" = 'sqref="D2:D9" ' ] && grep -q '^long 20000$' counts
