#!/bin/sh
# A workbook saved as "Strict Open XML" (ISO/IEC 29500, the second entry in Excel's list of .xlsx kinds) is opened by openpyxl
# with a warning at most and has NO sheets; Gnumeric says "No workbook stream found"; xlsx2csv and SheetJS read it. The same rows, the same
# extension, and only the namespace differs.
# For Yinxin: our reader takes both namespaces (keep that); a filer's own script that sees nothing is no proof of an empty file.
# Seen 2026-12-01: python3-openpyxl 3.0.9-1, gnumeric 1.12.55-1 (Debian 12).
set -eu
v=$(dpkg-query -W -f '${Package} ${Version}, ' gnumeric python3-openpyxl 2>/dev/null || true)
case $v in *"gnumeric 1.12.55-1"*"openpyxl 3.0.9-1"*) ;; *) echo "skip: gnumeric 1.12.55-1 and python3-openpyxl 3.0.9-1 are not installed"; exit 77 ;; esac
D=$(mktemp -d)
trap 'rm -rf "$D"' EXIT INT TERM
cd "$D"
cat >make.py <<'PY'
import openpyxl, zipfile
w = openpyxl.Workbook()
for row in [['姓名', '缴费工资'], ['张测', 8765]]: w.active.append(row)
w.save('transitional.xlsx')
main = b'http://schemas.openxmlformats.org/spreadsheetml/2006/main', b'http://purl.oclc.org/ooxml/spreadsheetml/main'
rel = b'http://schemas.openxmlformats.org/officeDocument/2006/relationships', b'http://purl.oclc.org/ooxml/officeDocument/relationships'
with zipfile.ZipFile('transitional.xlsx') as a, zipfile.ZipFile('strict.xlsx', 'w') as b:
    for n in a.namelist():
        d = a.read(n).replace(*main).replace(*rel)
        if n == 'xl/workbook.xml': d = d.replace(b'<workbook ', b'<workbook conformance="strict" ', 1)
        b.writestr(n, d)
PY
/usr/bin/python3 make.py
py() { /usr/bin/python3 -W ignore -c "
import openpyxl, sys
w = openpyxl.load_workbook(sys.argv[1])
print([[list(r) for r in s.iter_rows(values_only=True)] for s in w.worksheets])" "$1"; }
gn() { ssconvert -T Gnumeric_stf:stf_csv "$1" fd://1 2>err | tr '\n' '/'; grep -m1 -i workbook err || true; }
echo "2026-12-01 ${v}"
echo "expected: both kinds give [['姓名', '缴费工资'], ['张测', 8765]], or an error"
a=$(py transitional.xlsx) b=$(py strict.xlsx)
echo "control, transitional: openpyxl $a, Gnumeric $(gn transitional.xlsx)"
echo "seen, strict: openpyxl $b (exit 0, a UserWarning), Gnumeric $(gn strict.xlsx)"
if command -v xlsx2csv >/dev/null; then echo "also, xlsx2csv reads strict: $(xlsx2csv strict.xlsx | tr '\n' '/')"; fi
echo "means: test every reader with both kinds"
[ "$b" = "[]" ] && [ "$a" != "[]" ]
