#!/bin/bash
# jsrsasign 11.1.5 (npm) reads and writes object identifiers under the root arc 2 wrongly where the second arc is 40 or more; two of
# four come out as another valid identifier without an error. Written 2026-12-01. (Botan 2.19.3 reads them wrongly in the same way:
# botan-oid-arc2.sh. asn1js 4.0.0 and node-forge 1.4.3 are right.)
#
# X.690, 8.19.4: the first number of the value is 40 * first + second, of as many octets as it takes; first is 0, 1 or 2.
#
#   value of the OID   is         ASN1HEX.hextooidstr
#   88 37 01           2.999.1    3.16.55.1
#   81 34 03           2.100.3    3.9.52.3
#   7F 03              2.47.3     3.7.3
#   77 03              2.39.3     2.39.3
#
#   identifier         right DER           new KJUR.asn1.DERObjectIdentifier({oid}).tohex()
#   2.999.1            06 03 88 37 01      throws "value hex must be even length: n=0,v=43701"
#   2.100.3            06 03 81 34 03      06 02 B4 03, which is 2.6579
#   2.47.3             06 02 7F 03         06 02 7F 03
#
# Exit status: 0 as described, 1 it behaves otherwise, 77 not this version.
set -u
command -v node >/dev/null && command -v npm >/dev/null || { echo "node or npm is missing"; exit 77; }
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir" || exit 77
npm init -y >/dev/null 2>&1
npm install --ignore-scripts --no-audit --no-fund jsrsasign@11.1.5 >npm.log 2>&1 || { echo "jsrsasign 11.1.5 is not to be had"; exit 77; }
cat >seen.cjs <<'J'
const r = require("jsrsasign");
const safe = (f) => { try { return f(); } catch (e) { return "throws " + (e.message || e); } };
let changed = 0;
const expect = (what, was, is) => {
	console.log(`${is === was ? "as described" : "CHANGED"}: ${what}: ${is}${is === was ? "" : ` (was ${was})`}`);
	if (is !== was) changed = 1;
};
for (const [hex, was] of [["883701", "3.16.55.1"], ["813403", "3.9.52.3"], ["7f03", "3.7.3"], ["7703", "2.39.3"]])
	expect(`reads ${hex}`, was, safe(() => r.ASN1HEX.hextooidstr(hex)));
for (const [oid, was] of [["2.999.1", "throws value hex must be even length: n=0,v=43701"], ["2.100.3", "0602b403"], ["2.47.3", "06027f03"]])
	expect(`writes ${oid}`, was, safe(() => new r.KJUR.asn1.DERObjectIdentifier({ oid }).tohex()));
process.exit(changed);
J
node seen.cjs
