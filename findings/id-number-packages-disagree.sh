#!/bin/sh
# Four valid 18-character numbers of four documents, and two dates that do not exist, put to the three usual npm checkers. None has
# them all right: validator refuses 台湾居民居住证 (83...) but takes 港澳 (81, 82) and, by accident, some permanent residence cards
# of 2023 (9...; by the digits that follow: 911101 passes, 901101 does not); idcard refuses every 9 and a lower-case x;
# id-validator takes 30 February and 31 June. All numbers are constructed.
# For Yinxin: a partner's page may refuse a holder whom we serve, or send a birthday that no calendar has; check again ourselves.
# Seen 2026-12-01: validator 13.15.35, id-validator 1.3.0, idcard 4.2.0 (npm).
set -eu
D=$(mktemp -d)
trap 'rm -rf "$D"' EXIT INT TERM
cd "$D"
npm init -y >/dev/null 2>&1 && npm install --ignore-scripts --silent --no-audit --no-fund validator@13.15.35 id-validator@1.3.0 idcard@4.2.0 >/dev/null 2>&1 ||
	{ echo "skip: the three npm packages are not to be had"; exit 77; }
cat >a.js <<'JS'
const v = require('validator'), I = new (require('id-validator'))(), c = require('idcard')
const w = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2]
const full = s => s + '10X98765432'[[...s].reduce((n, d, i) => n + w[i] * d, 0) % 11]
const rows = [ // first 17 digits, what it is, valid
  ['11010119900101100', 'resident, check X', true], ['81000019900101100', 'Hong Kong resident', true],
  ['83000019900101100', 'Taiwan resident', true], ['91110119900101100', 'permanent residence, 911101', true],
  ['90110119900101100', 'permanent residence, 901101', true], ['11010119900230100', '30 February', false], ['11010120000631100', '31 June', false]]
let got = ''
console.log('expected: all three say "valid" as in the second column')
for (const [s, what, valid] of rows) {
  const n = full(s), r = [v.isIdentityCard(n, 'zh-CN'), I.isValid(n), c.verify(n)].map(x => x ? 'y' : 'n').join('')
  console.log(`seen: ${n} ${what} (${valid ? 'valid' : 'not valid'}): validator ${r[0]}, id-validator ${r[1]}, idcard ${r[2]}`)
  got += r + ' '
}
const x = full(rows[0][0]).toLowerCase()
console.log(`seen: ${x}, lower case: validator ${v.isIdentityCard(x, 'zh-CN')}, id-validator ${I.isValid(x)}, idcard ${c.verify(x)}`)
process.exit(got === 'yyy yyy nyy yyn nyn nyn nyn ' ? 0 : 1)
JS
echo "2026-12-01 validator 13.15.35, id-validator 1.3.0, idcard 4.2.0"
node a.js && rc=0 || rc=1
echo "means: no npm checker is a referee for numbers of 2023; our tables are"
exit $rc
