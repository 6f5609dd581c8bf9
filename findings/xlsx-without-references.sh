#!/bin/sh
# The attributes r of <row> and <c> are optional (ECMA-376 part 1, 18.3.1.4 and 18.3.1.73): streaming writers leave them out, and
# Excel counts by position. Of the usual readers, openpyxl and SheetJS do too; Gnumeric and xlsx2csv give an EMPTY sheet with exit
# status 0; ExcelJS throws "Invalid row number in model". The same workbook is 2 rows, nothing, or an error.
# For Yinxin: our reader counts by position (keep that); our downloads name every row and cell.
# Seen 2026-12-01: xlsx 0.18.5, exceljs 4.4.0 (npm); gnumeric 1.12.55-1, xlsx2csv 1:0.7.8-1, python3-openpyxl 3.0.9-1 (Debian 12).
set -eu
v=$(dpkg-query -W -f '${Package} ${Version}, ' gnumeric python3-openpyxl xlsx2csv 2>/dev/null || true)
case $v in *"gnumeric 1.12.55-1"*"openpyxl 3.0.9-1"*"xlsx2csv 1:0.7.8-1"*) ;; *) echo "skip: gnumeric, python3-openpyxl and xlsx2csv of Debian 12 are not installed"; exit 77 ;; esac
D=$(mktemp -d)
trap 'rm -rf "$D"' EXIT INT TERM
cd "$D"
npm init -y >/dev/null 2>&1 && npm install --ignore-scripts --silent --no-audit --no-fund xlsx@0.18.5 exceljs@4.4.0 >/dev/null 2>&1 ||
	{ echo "skip: xlsx@0.18.5 and exceljs@4.4.0 are not to be had"; exit 77; }
cat >make.py <<'PY'
import openpyxl, re, zipfile
w = openpyxl.Workbook()
for row in [['姓名', '缴费工资'], ['张测', 8765]]: w.active.append(row)
w.save('with.xlsx')
with zipfile.ZipFile('with.xlsx') as a, zipfile.ZipFile('without.xlsx', 'w') as b:
    for n in a.namelist():
        d = a.read(n)
        if n.endswith('sheet1.xml'): d = re.sub(rb'<(row|c) r="[A-Z0-9]+"', rb'<\1', d)
        b.writestr(n, d)
PY
/usr/bin/python3 make.py
cat >a.js <<'JS'
const X = require('xlsx'), E = require('exceljs'), f = process.argv[2]
const w = X.readFile(f); console.log('SheetJS', JSON.stringify(X.utils.sheet_to_json(w.Sheets[w.SheetNames[0]], { header: 1 })))
const b = new E.Workbook()
b.xlsx.readFile(f).then(() => console.log('ExcelJS', JSON.stringify(b.worksheets[0].getSheetValues().slice(1).map(r => r.slice(1)))), e => console.log('ExcelJS throws', e.message))
JS
line() { tr '\n' '/' <"$1"; }
read_all() {
	node a.js "$1"
	/usr/bin/python3 -c "import openpyxl, sys; print('openpyxl', [list(r) for r in openpyxl.load_workbook(sys.argv[1]).active.iter_rows(values_only=True)])" "$1"
	ssconvert -T Gnumeric_stf:stf_csv "$1" g.csv 2>/dev/null && g=0 || g=$?
	xlsx2csv "$1" x.csv 2>/dev/null && x=0 || x=$?
	echo "Gnumeric $(line g.csv) exit $g"; echo "xlsx2csv $(line x.csv) exit $x"
}
echo "2026-12-01 ${v}xlsx 0.18.5, exceljs 4.4.0"
echo "expected: both workbooks are read alike"
read_all with.xlsx >1; read_all without.xlsx >2
sed 's/^/control, with r:  /' 1
sed 's/^/seen, without r:  /' 2
echo "means: 'my file is empty in your page' may be true in one program and false in the next"
grep -q '^SheetJS.*张测.*8765' 2 && grep -q '^openpyxl.*张测' 2 && grep -q '^ExcelJS throws Invalid row number' 2 &&
	! grep -q '^Gnumeric.*张测' 2 && grep -q '^Gnumeric.*exit 0' 2 && ! grep -q '^xlsx2csv.*张测' 2 && grep -q '^Gnumeric.*张测' 1
