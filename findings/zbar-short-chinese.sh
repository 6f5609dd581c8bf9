#!/bin/sh
# A QR code in byte mode says nothing about its charset (libqrencode writes no ECI). zbar guesses, and for short Chinese text
# it often takes UTF-8 for Shift_JIS or Big5: half of the two- and three-character names come back as other characters, exit 0.
# Longer text and text with ASCII in it survive more often, which is why a try with a long sample proves nothing.
# For Yinxin: keep Chinese out of QR codes: ASCII only, percent-encoded. Seen 2026-12-01, Debian 12.
set -eu
export LC_ALL=C.UTF-8
have() { dpkg-query -W -f '${Status} ${Version}\n' "$1" 2>/dev/null | sed -n 's/^install ok installed //p'; }
z=$(have zbar-tools) q=$(have qrencode)
case "$z $q" in "0.23.92-"*" 4.1.1-"*) ;; *) echo "skip: zbar-tools 0.23.92 and qrencode 4.1.1 are not installed"; exit 77 ;; esac
D=$(mktemp -d)
trap 'rm -rf "$D"' EXIT INT TERM
cd "$D"
read_back() { qrencode -8 -s 4 -o q.png "$1"; zbarimg -q --raw q.png 2>/dev/null; }
echo "2026-12-01 zbar-tools $z, qrencode $q"
echo "expected: what was encoded as UTF-8 is read back as it was"
wrong=0 all=0 other=
for given in 静 敏 芳 超 亮 爽; do # constructed persons
	for family in 李 王 张 测 朱 何 林 郑 钟; do
		got=$(read_back "$family$given")
		all=$((all + 1))
		[ "$got" = "$family$given" ] || { wrong=$((wrong + 1)); other="$other $family$given->$got"; }
	done
done
echo "seen: $wrong of $all names changed; for example:$(echo "$other" | cut -d' ' -f1-6)"
words=
for w in 缴费 工伤 经办 参保; do words="$words $w->$(read_back $w)"; done
echo "seen:$words"
ascii=$(read_back "https://a.test/verify?n=%E6%9D%8E%E9%9D%99")
echo "control, percent-encoded: $ascii"
echo "means: a QR code on our paper carries ASCII only; a Chinese one needs an ECI header and readers that know it"
[ "$wrong" -gt 5 ] && [ "$ascii" = "https://a.test/verify?n=%E6%9D%8E%E9%9D%99" ]
