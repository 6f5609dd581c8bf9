#!/bin/sh
# SM2 ciphertexts are C1C3C2 (GM/T 0009) or C1C2C3 (old), with or without a leading 04. sm-crypto given the other order, or the
# usual 04, returns "": no exception, and the same value as a good decryption of nothing. sm-crypto-v2 also returns "" for the
# order but throws on the 04 that OpenSSL, GmSSL and BouncyCastle write; all three packages write none.
# For Yinxin: an integrator's "it decrypts to nothing" is a wrong order or a 04 too many; our manual says C1C3C2 in DER.
# Seen 2026-12-01: sm-crypto 0.5.8, sm-crypto-v2 1.15.1, gm-crypto 0.1.12 (npm).
set -eu
D=$(mktemp -d)
trap 'rm -rf "$D"' EXIT INT TERM
cd "$D"
npm init -y >/dev/null 2>&1 && npm install --ignore-scripts --silent --no-audit --no-fund sm-crypto@0.5.8 sm-crypto-v2@1.15.1 gm-crypto@0.1.12 >/dev/null 2>&1 ||
	{ echo "skip: the three npm packages are not to be had"; exit 77; }
cat >a.js <<'JS'
const a = require('sm-crypto').sm2, b = require('sm-crypto-v2').sm2, { SM2 } = require('gm-crypto')
const k = a.generateKeyPairHex(), text = '张测的补正通知', turn = f => { try { return JSON.stringify(f()) } catch (e) { return 'throws: ' + e.message } }
const c = a.doEncrypt(text, k.publicKey, 1) // C1C3C2
const other = SM2.encrypt(text, k.publicKey, { inputEncoding: 'utf8', outputEncoding: 'hex' })
const seen = {
  'sm-crypto, other order': turn(() => a.doDecrypt(c, k.privateKey, 0)),
  'sm-crypto, leading 04': turn(() => a.doDecrypt('04' + c, k.privateKey, 1)),
  'sm-crypto, text of no characters': turn(() => a.doDecrypt(a.doEncrypt('', k.publicKey, 1), k.privateKey, 1)),
  'sm-crypto-v2, other order': turn(() => b.doDecrypt(c, k.privateKey, 0)),
  'sm-crypto-v2, leading 04': turn(() => b.doDecrypt('04' + c, k.privateKey, 1)),
  'of gm-crypto, no 04, read as C1C3C2': turn(() => a.doDecrypt(other, k.privateKey, 1)),
  'of gm-crypto, no 04, read as C1C2C3': turn(() => a.doDecrypt(other, k.privateKey, 0)),
  'control, right order': turn(() => a.doDecrypt(c, k.privateKey, 1)),
}
console.log('expected: an exception wherever the ciphertext is not understood (its SM3 check fails)')
for (const [name, got] of Object.entries(seen)) console.log(`seen: ${name}: ${got}`)
const v = Object.values(seen), good = JSON.stringify(text)
process.exit(v[0] === '""' && v[1] === '""' && v[2] === '""' && v[3] === '""' && v[5] === good && v[7] === good ? 0 : 1)
JS
echo "2026-12-01 sm-crypto 0.5.8, sm-crypto-v2 1.15.1, gm-crypto 0.1.12"
node a.js && rc=0 || rc=1
echo "means: test the result for emptiness, and try a known answer first"
exit $rc
