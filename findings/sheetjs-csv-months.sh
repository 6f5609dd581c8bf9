#!/bin/sh
# SheetJS opens a .csv and makes dates of what looks like one: the month 2026-11 becomes a date WITH A TIME (in Shanghai 08:00:43 of the
# 1st; west of Greenwich the day, and so the MONTH, before), and the house number 1-2 becomes 2 January 2001. ExcelJS leaves both as
# text, Gnumeric makes 2026-11-01 without a time. raw:true keeps text.
# For Yinxin: a date cell with a time of day in a month column is this, not a fault of the filer; but its month is not to be trusted.
# Seen 2026-12-01: xlsx 0.18.5 (npm), Node with TZ as told.
set -eu
D=$(mktemp -d)
trap 'rm -rf "$D"' EXIT INT TERM
cd "$D"
npm init -y >/dev/null 2>&1 && npm install --ignore-scripts --silent --no-audit --no-fund xlsx@0.18.5 >/dev/null 2>&1 || { echo "skip: xlsx@0.18.5 is not to be had"; exit 77; }
printf 'month,house\r\n2026-11,1-2\r\n' >a.csv
cat >a.js <<'JS'
const X = require('xlsx'), raw = process.argv[2] === 'raw', w = X.readFile('a.csv', { raw }), s = w.Sheets[w.SheetNames[0]]
const say = c => c.t === 'n' ? new Date(Math.round((c.v - 25569) * 86400) * 1000).toISOString().slice(0, 19).replace('T', ' ') : `text ${c.v}`
console.log(`${say(s.A2)} | ${say(s.B2)}`)
JS
echo "2026-12-01 xlsx 0.18.5"
echo "expected: text 2026-11 | text 1-2, or the first of November without a time"
cn=$(TZ=Asia/Shanghai node a.js) us=$(TZ=America/New_York node a.js) utc=$(TZ=UTC node a.js) raw=$(TZ=Asia/Shanghai node a.js raw)
echo "seen, Asia/Shanghai:    $cn"
echo "seen, UTC:              $utc"
echo "seen, America/New_York: $us"
echo "control, raw:           $raw"
echo "means: ask for the month again when its cell has a time"
case $cn in "2026-11-01 08:00:43 | 2001-01-02"*) ;; *) exit 1 ;; esac
case $us in 2026-10-31*) ;; *) exit 1 ;; esac
[ "$raw" = "text 2026-11 | text 1-2" ]
