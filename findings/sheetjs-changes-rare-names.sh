#!/bin/sh
# SheetJS keeps only the low 16 bits of a numeric character reference: &#181126; (U+2C386) becomes U+C386, a Korean syllable.
# openpyxl writes EVERY Chinese character as such a reference, so a workbook made by openpyxl and read by SheetJS (many upload
# pages) carries another name for everybody whose character lies beyond the BMP; no error anywhere. ExcelJS and openpyxl read
# it right. For Yinxin: never take a name from a file that passed through SheetJS without comparing it; write UTF-8, not
# references, in our downloads. Seen 2026-12-01: xlsx 0.18.5 (npm), python3-openpyxl 3.0.9-1 (Debian 12).
set -eu
v=$(dpkg-query -W -f '${Version}' python3-openpyxl 2>/dev/null || true)
case $v in 3.0.9-1*) ;; *) echo "skip: python3-openpyxl 3.0.9-1 is not installed"; exit 77 ;; esac
D=$(mktemp -d)
trap 'rm -rf "$D"' EXIT INT TERM
cd "$D"
npm init -y >/dev/null 2>&1 && npm install --ignore-scripts --silent --no-audit --no-fund xlsx@0.18.5 >/dev/null 2>&1 || { echo "skip: xlsx@0.18.5 is not to be had"; exit 77; }
/usr/bin/python3 -c "
import openpyxl
w = openpyxl.Workbook()
for i, name in enumerate(['张测', '张\U0002C386', '\U00020BB7测', '测\U0002B5AF'], 1): w.active.cell(i, 1, name) # constructed
w.save('a.xlsx')"
echo "2026-12-01 xlsx 0.18.5, python3-openpyxl $v"
echo "in the file: $(unzip -p a.xlsx xl/worksheets/sheet1.xml xl/sharedStrings.xml 2>/dev/null | grep -o '<t>[^<]*</t>' | tr '\n' ' ')"
echo "expected: the four names as they were given"
cat >read.js <<'JS'
const X = require('xlsx'), w = X.readFile('a.xlsx')
const got = X.utils.sheet_to_json(w.Sheets[w.SheetNames[0]], { header: 1 }).map(r => r[0])
const given = ['张测', '张\u{2C386}', '\u{20BB7}测', '测\u{2B5AF}']
const hex = s => [...s].map(c => c.codePointAt(0).toString(16).toUpperCase()).join(' ')
given.forEach((g, i) => console.log(`seen: ${g} (${hex(g)}) -> ${got[i]} (${hex(got[i])}) ${g === got[i] ? 'same' : 'CHANGED'}`))
process.exit(got[0] === given[0] && got[1] === '张\uC386' && got[2] === '\u0BB7测' && got[3] === '测\uB5AF' ? 0 : 1)
JS
node read.js && rc=0 || rc=1
echo "control, openpyxl itself: $(/usr/bin/python3 -c "
import openpyxl
print(*[r[0] for r in openpyxl.load_workbook('a.xlsx').active.iter_rows(values_only=True)])")"
echo "means: a character that is valid Unicode proves nothing; show the name as read before anything is signed"
exit $rc
