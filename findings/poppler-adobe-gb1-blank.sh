#!/bin/sh
# A PDF that names STSong-Light without embedding it (the classic output of Chinese office systems and of iText) is drawn as an
# EMPTY page by poppler when poppler-data is not installed; exit status 0, text layer empty. poppler only recommends poppler-data,
# so --no-install-recommends leaves it out. MuPDF draws the same file with its own tables (control below, if it is there).
# For Yinxin: an officer sees a blank attachment where the filer sees a full one; depend on poppler-data, and take a page without
# any mark for a fault. Seen 2026-12-01, Debian 12, poppler-utils 22.12.0-2+deb12u3.
set -eu
have() { dpkg-query -W -f '${Status} ${Version}\n' "$1" 2>/dev/null | sed -n 's/^install ok installed //p'; }
v=$(have poppler-utils)
case $v in 22.12.0-2*) ;; *) echo "skip: poppler-utils 22.12.0-2 is not installed"; exit 77 ;; esac
[ -z "$(have poppler-data)" ] || { echo "skip: poppler-data is installed, the page would be drawn"; exit 77; }
D=$(mktemp -d)
trap 'rm -rf "$D"' EXIT INT TERM
cd "$D"
cat >make.py <<'PY'
import sys
encoding, codec, name = sys.argv[1:4]
text = '参保登记表'.encode(codec).hex()
page = f'BT /F1 24 Tf 50 100 Td <{text}> Tj ET'.encode()
objects = [b'<</Type/Catalog/Pages 2 0 R>>', b'<</Type/Pages/Kids[3 0 R]/Count 1>>',
    b'<</Type/Page/Parent 2 0 R/MediaBox[0 0 300 200]/Resources<</Font<</F1 5 0 R>>>>/Contents 4 0 R>>',
    b'<</Length %d>>stream\n' % len(page) + page + b'\nendstream',
    f'<</Type/Font/Subtype/Type0/BaseFont/STSong-Light-{encoding}/Encoding/{encoding}/DescendantFonts[6 0 R]>>'.encode(),
    b'<</Type/Font/Subtype/CIDFontType0/BaseFont/STSong-Light/CIDSystemInfo<</Registry(Adobe)/Ordering(GB1)/Supplement 4>>'
    b'/DW 1000/FontDescriptor 7 0 R>>',
    b'<</Type/FontDescriptor/FontName/STSong-Light/Flags 6/FontBBox[-25 -254 1000 880]/ItalicAngle 0/Ascent 880/Descent -120'
    b'/CapHeight 880/StemV 93>>']
out, at = b'%PDF-1.4\n', []
for i, o in enumerate(objects, 1):
    at.append(len(out))
    out += b'%d 0 obj\n' % i + o + b'\nendobj\n'
xref = len(out)
out += b'xref\n0 8\n0000000000 65535 f \n' + b''.join(b'%010d 00000 n \n' % a for a in at)
out += b'trailer<</Size 8/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF\n' % xref
open(name, 'wb').write(out)
PY
dark() { python3 -c 'import sys; d = open(sys.argv[1], "rb").read(); print(sum(b < 128 for b in d[40:]))' "$1"; }
echo "2026-12-01 poppler-utils $v without poppler-data"
echo "expected: the page shows 参保登记表 in a substitute font, or the program fails"
changed=0
for f in "GBK-EUC-H gbk" "UniGB-UCS2-H utf-16-be"; do
	# shellcheck disable=SC2086
	python3 make.py $f a.pdf
	pdftoppm -gray -r 72 a.pdf p 2>err && rc=0 || rc=$?
	text=$(pdftotext a.pdf - 2>/dev/null | tr -d '\n\f')
	n=$(dark p-1.pgm) fonts=$(pdffonts a.pdf 2>/dev/null | grep -c STSong || true)
	echo "seen, ${f% *}: pdftoppm exit $rc, dark pixels $n, text \"$text\", fonts listed $fonts, stderr: $(head -1 err)"
	[ "$rc" = 0 ] && [ "$n" = 0 ] && [ -z "$text" ] && [ "$fonts" = 0 ] || changed=1
	if command -v mutool >/dev/null; then
		mutool draw -q -r 72 -F pgm -o m.pgm a.pdf 2>/dev/null
		echo "control, mutool: dark pixels $(dark m.pgm)"
	fi
done
echo "means: Depends: poppler-data (tools/setup and the package), readable inside the converter's sandbox"
exit $changed
