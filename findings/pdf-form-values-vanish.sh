#!/bin/sh
# A form field whose value has no appearance stream (NeedAppearances true: what libraries leave when they only set /V) must be drawn by
# the viewer (ISO 32000-1, 12.7.3.3). Poppler draws a Latin value; of a Chinese one it draws NOTHING, or only its Latin part ("张测 A1"
# becomes "A1"), exit 0, a line on stderr; MuPDF does the same. A viewer with fonts of its own may show it (not run). pdffonts lists no
# font at all for such a page, so a check of fonts does not see it either.
# For Yinxin: the officer reads an empty or half form where the filer reads a full one: refuse a Widget or FreeText without /AP, with
# the words "print it to PDF anew". Seen 2026-12-01, Debian 12: poppler-utils 22.12.0-2, mupdf-tools 1.21.1.
set -eu
v=$(dpkg-query -W -f '${Version}' poppler-utils 2>/dev/null || true)
case $v in 22.12.0-2*) ;; *) echo "skip: poppler-utils 22.12.0-2 is not installed"; exit 77 ;; esac
D=$(mktemp -d)
trap 'rm -rf "$D"' EXIT INT TERM
cd "$D"
cat >make.py <<'PY'
import sys
value = '<' + (b'\xfe\xff' + sys.argv[1].encode('utf-16-be')).hex() + '>'
objects = [
    b'<</Type/Catalog/Pages 2 0 R/AcroForm<</Fields[4 0 R]/NeedAppearances true/DR<</Font<</Helv 5 0 R>>>>/DA(/Helv 14 Tf 0 g)>>>>',
    b'<</Type/Pages/Kids[3 0 R]/Count 1>>',
    b'<</Type/Page/Parent 2 0 R/MediaBox[0 0 300 100]/Annots[4 0 R]/Resources<<>>>>',
    b'<</Type/Annot/Subtype/Widget/FT/Tx/F 4/T(name)/Rect[20 40 280 70]/V%s/DA(/Helv 14 Tf 0 g)/P 3 0 R>>' % value.encode(),
    b'<</Type/Font/Subtype/Type1/BaseFont/Helvetica/Encoding/WinAnsiEncoding>>']
out, at = b'%PDF-1.7\n', []
for i, o in enumerate(objects, 1):
    at.append(len(out))
    out += b'%d 0 obj\n' % i + o + b'\nendobj\n'
xref = len(out)
out += b'xref\n0 6\n0000000000 65535 f \n' + b''.join(b'%010d 00000 n \n' % a for a in at)
out += b'trailer<</Size 6/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF\n' % xref
open('a.pdf', 'wb').write(out)
PY
dark() { python3 -c 'import sys; d = open(sys.argv[1], "rb").read(); print(sum(b < 128 for b in d[40:]))' "$1"; }
echo "2026-12-01 poppler-utils $v"
echo "expected: the value is drawn, in some font"
seen=
for value in 'Zhang Ce' '张测' '张测 A1'; do # constructed
	python3 make.py "$value"
	pdftoppm -gray -r 72 a.pdf p 2>err && rc=0 || rc=$?
	text=$(pdftotext a.pdf - 2>/dev/null | tr -d '\n\f')
	n=$(dark p-1.pgm)
	mu=; if command -v mutool >/dev/null; then mutool draw -q -r 72 -F pgm -o m.pgm a.pdf 2>/dev/null; mu=", mutool: dark pixels $(dark m.pgm)"; fi
	echo "seen, value \"$value\": exit $rc, dark pixels $n, text \"$text\", fonts listed $(pdffonts a.pdf 2>/dev/null | tail -n +3 | wc -l)$mu; $(head -1 err)"
	seen="$seen$rc $([ "$n" -gt 0 ] && echo drawn || echo blank) $text/"
done
echo "means: a filled form can be empty on the officer's screen"
[ "$seen" = "0 drawn Zhang Ce/0 blank /0 drawn A1/" ]
