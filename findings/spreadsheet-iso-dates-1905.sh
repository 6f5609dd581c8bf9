#!/bin/sh
# SheetJS with cellDates writes a date as a cell of type "d" with ISO text (ECMA-376 part 1, 18.18.11). ExcelJS and Gnumeric take
# the leading "2026" of that text for a serial number of days: 2026-11-30 is read as 1905-07-18, in both, without an error.
# openpyxl reads it right. So a filer who exports with one popular npm package and opens with another has every employee hired on
# one day in 1905. For Yinxin: never write type "d"; read it (we do); a date before 1920 in a hiring column is a fault to be told.
# Seen 2026-12-01: xlsx 0.18.5, exceljs 4.4.0 (npm); gnumeric 1.12.55-1 where it is installed.
set -eu
D=$(mktemp -d)
trap 'rm -rf "$D"' EXIT INT TERM
cd "$D"
npm init -y >/dev/null 2>&1 && npm install --ignore-scripts --silent --no-audit --no-fund xlsx@0.18.5 exceljs@4.4.0 >/dev/null 2>&1 ||
	{ echo "skip: xlsx@0.18.5 and exceljs@4.4.0 are not to be had"; exit 77; }
cat >a.js <<'JS'
const X = require('xlsx'), E = require('exceljs'), day = v => v instanceof Date ? v.toISOString().slice(0, 10) : String(v)
async function chain(cellDates) {
  const sheet = X.utils.aoa_to_sheet([['姓名', '入职日期'], ['张测', new Date(2026, 10, 30)]], { cellDates })
  const book = X.utils.book_new()
  X.utils.book_append_sheet(book, sheet, '参保')
  X.writeFile(book, `${cellDates}.xlsx`, { cellDates })
  const w = new E.Workbook()
  await w.xlsx.readFile(`${cellDates}.xlsx`)
  return day(w.worksheets[0].getCell('B2').value)
}
(async () => {
  console.log('expected: 2026-11-30')
  const iso = await chain(true), serial = await chain(false)
  console.log(`seen: written with cellDates, read by ExcelJS: ${iso}`)
  console.log(`control: written as a serial number: ${serial}`)
  process.exit(iso === '1905-07-18' && serial === '2026-11-30' ? 0 : 1)
})()
JS
echo "2026-12-01 xlsx 0.18.5, exceljs 4.4.0"
TZ=UTC node a.js && rc=0 || rc=1
echo "in the file: $(unzip -p true.xlsx xl/worksheets/sheet1.xml | grep -o '<c r="B2"[^/]*</v>')"
if command -v ssconvert >/dev/null; then
	echo "also, gnumeric $(dpkg-query -W -f '${Version}' gnumeric): $(ssconvert -T Gnumeric_stf:stf_csv true.xlsx fd://1 2>/dev/null | tail -1)"
fi
echo "means: the day we read and the day the filer sees in his program may differ by a century"
exit $rc
