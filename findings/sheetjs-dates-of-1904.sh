#!/bin/sh
# A workbook in the 1904 date system (old Excel for Mac, still in templates that were made there) counts days from another start.
# SheetJS with cellDates ignores the switch: every date comes out 4 years and 1 day early, no error; the switch itself stands
# unheeded in Workbook.WBProps.date1904. openpyxl and ExcelJS heed it.
# For Yinxin: we read both systems (keep that); a filer's age or month that is four years off points here.
# Seen 2026-12-01: xlsx 0.18.5, exceljs 4.4.0 (npm).
set -eu
[ -x /usr/bin/python3 ] && /usr/bin/python3 -c 'import openpyxl' 2>/dev/null || { echo "skip: python3-openpyxl is not installed"; exit 77; }
D=$(mktemp -d)
trap 'rm -rf "$D"' EXIT INT TERM
cd "$D"
npm init -y >/dev/null 2>&1 && npm install --ignore-scripts --silent --no-audit --no-fund xlsx@0.18.5 exceljs@4.4.0 >/dev/null 2>&1 ||
	{ echo "skip: xlsx@0.18.5 and exceljs@4.4.0 are not to be had"; exit 77; }
/usr/bin/python3 -c "
import datetime, openpyxl
from openpyxl.utils.datetime import CALENDAR_MAC_1904
for name, mac in (('1900', False), ('1904', True)):
    w = openpyxl.Workbook()
    if mac: w.epoch = CALENDAR_MAC_1904
    w.active['A1'] = datetime.datetime(2026, 11, 30)
    w.save(name + '.xlsx')
print('openpyxl', openpyxl.__version__, 'reads back', openpyxl.load_workbook('1904.xlsx').active['A1'].value)"
cat >a.js <<'JS'
const X = require('xlsx'), E = require('exceljs'), round = d => new Date(Math.round(d / 864e5) * 864e5).toISOString().slice(0, 10)
const sheetjs = f => { const w = X.readFile(f, { cellDates: true }); return [round(w.Sheets[w.SheetNames[0]].A1.v), !!(w.Workbook.WBProps || {}).date1904] }
async function exceljs(f) { const w = new E.Workbook(); await w.xlsx.readFile(f); return round(w.worksheets[0].getCell('A1').value) }
(async () => {
  const a = sheetjs('1900.xlsx'), b = sheetjs('1904.xlsx'), e = await exceljs('1904.xlsx')
  console.log('expected: 2026-11-30')
  console.log(`control, 1900 system: SheetJS ${a[0]}`)
  console.log(`seen, 1904 system: SheetJS ${b[0]} (it knows date1904 ${b[1]}); ExcelJS ${e}`)
  process.exit(a[0] === '2026-11-30' && b[0] === '2022-11-29' && b[1] && e === '2026-11-30' ? 0 : 1)
})()
JS
echo "2026-12-01 xlsx 0.18.5, exceljs 4.4.0"
TZ=UTC node a.js && rc=0 || rc=1
echo "means: the filer's page and our register may be four years apart about one cell"
exit $rc
