#!/bin/sh
# A carriage return inside a cell is written as the WORD _x000D_ (ECMA-376 part 1, 22.9.2.19): XlsxWriter writes _x000D_, SheetJS
# writes _x000d_ in lower case, and both leave the line feed beside it. openpyxl and Gnumeric never turn it back, ExcelJS the upper case only: an
# address typed with the Windows Enter key is read as "一号楼_x000d_" + line feed. Only SheetJS decodes both.
# For Yinxin: decode _xHHHH_ in both cases of hex, then treat CR LF as one break; our downloads carry LF only.
# Seen 2026-12-01: xlsx 0.18.5, exceljs 4.4.0 (npm); python3-xlsxwriter 3.0.2-2, python3-openpyxl 3.0.9-1 (Debian 12).
set -eu
v=$(dpkg-query -W -f '${Package} ${Version}\n' python3-openpyxl python3-xlsxwriter 2>/dev/null | tr '\n' ' ' || true)
case $v in *"openpyxl 3.0.9-1"*"xlsxwriter 3.0.2-2"*) ;; *) echo "skip: python3-openpyxl 3.0.9-1 and python3-xlsxwriter 3.0.2-2 are not installed"; exit 77 ;; esac
D=$(mktemp -d)
trap 'rm -rf "$D"' EXIT INT TERM
cd "$D"
npm init -y >/dev/null 2>&1 && npm install --ignore-scripts --silent --no-audit --no-fund xlsx@0.18.5 exceljs@4.4.0 >/dev/null 2>&1 ||
	{ echo "skip: xlsx@0.18.5 and exceljs@4.4.0 are not to be had"; exit 77; }
cat >a.js <<'JS'
const X = require('xlsx'), E = require('exceljs'), { execFileSync } = require('child_process'), text = '一号楼\r\n二单元'
const py = s => execFileSync('/usr/bin/python3', ['-c', s], { encoding: 'utf8' })
const book = X.utils.book_new()
X.utils.book_append_sheet(book, X.utils.aoa_to_sheet([[text]]), '参保')
X.writeFile(book, 'sheetjs.xlsx')
py("import xlsxwriter\nw = xlsxwriter.Workbook('xlsxwriter.xlsx'); w.add_worksheet().write(0, 0, '一号楼\\r\\n二单元'); w.close()")
const readers = {
  openpyxl: f => JSON.parse(py(`import openpyxl, json\nprint(json.dumps(openpyxl.load_workbook('${f}').active['A1'].value))`)),
  SheetJS: f => { const w = X.readFile(f); return w.Sheets[w.SheetNames[0]].A1.v },
  ExcelJS: async f => { const w = new E.Workbook(); await w.xlsx.readFile(f); return w.worksheets[0].getCell('A1').value },
}
;(async () => {
  console.log(`expected: ${JSON.stringify(text)} comes back, with CR LF or LF`)
  const got = {}
  for (const f of ['xlsxwriter', 'sheetjs']) for (const r of Object.keys(readers)) {
    got[f + r] = await readers[r](f + '.xlsx')
    console.log(`seen: written by ${f}, read by ${r}: ${JSON.stringify(got[f + r])}`)
  }
  process.exit(got.xlsxwriteropenpyxl === '一号楼_x000D_\n二单元' && got.sheetjsopenpyxl === '一号楼_x000d_\n二单元' &&
    /_x000d_/i.test(got.sheetjsExcelJS) && !/_x/.test(got.sheetjsSheetJS) ? 0 : 1)
})()
JS
echo "2026-12-01 xlsx 0.18.5, exceljs 4.4.0, $v"
node a.js && rc=0 || rc=1
echo "means: a word like _x000d_ in a name or address is a line break of another program"
exit $rc
