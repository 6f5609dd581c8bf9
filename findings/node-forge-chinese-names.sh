#!/bin/sh
# node-forge and names that are not Latin. (1) Read: a UTF8String in a subject is handed out as its raw octets, one character each
# ("å¼\u00a0æµ\u008b"), not as text. (2) Write: setSubject without valueTagClass makes a PrintableString whose length counts
# characters and whose octets are cut to 8 bits: the request is not DER, no other program reads it, forge itself cannot read it
# back; sign() and verify() say nothing. With valueTagClass UTF8 it is right.
# For Yinxin: decodeUtf8 each value read; a request that forge made is refused as damaged, and the words should name this cause.
# Seen 2026-12-01: node-forge 1.4.3 (npm); openssl as referee.
set -eu
D=$(mktemp -d)
trap 'rm -rf "$D"' EXIT INT TERM
cd "$D"
npm init -y >/dev/null 2>&1 && npm install --ignore-scripts --silent --no-audit --no-fund node-forge@1.4.3 >/dev/null 2>&1 || { echo "skip: node-forge@1.4.3 is not to be had"; exit 77; }
openssl req -x509 -newkey rsa:2048 -nodes -keyout k.pem -out c.pem -days 30 -utf8 -subj '/C=CN/O=测试单位/CN=张测' 2>/dev/null
cat >a.js <<'JS'
const forge = require('node-forge'), fs = require('fs'), { spawnSync } = require('child_process')
const cert = forge.pki.certificateFromPem(fs.readFileSync('c.pem', 'utf8')), cn = cert.subject.getField('CN').value
console.log('expected: CN of the certificate is 张测; a request made for 张测 can be read by openssl')
console.log(`seen, read: ${JSON.stringify(cn)}, ${cn.length} characters; after decodeUtf8: ${forge.util.decodeUtf8(cn)}`)
const key = forge.pki.privateKeyFromPem(fs.readFileSync('k.pem', 'utf8'))
function request(name, tag) {
  const r = forge.pki.createCertificationRequest()
  r.publicKey = forge.pki.setRsaPublicKey(key.n, key.e)
  r.setSubject([Object.assign({ name: 'commonName', value: name }, tag && { valueTagClass: tag })])
  r.sign(key)
  const pem = forge.pki.certificationRequestToPem(r)
  fs.writeFileSync('r.pem', pem)
  const o = spawnSync('openssl', ['req', '-in', 'r.pem', '-noout', '-subject', '-nameopt', 'utf8'], { encoding: 'utf8' })
  let self = 'reads it back'
  try { forge.pki.certificationRequestFromPem(pem) } catch (e) { self = 'itself: ' + e.message }
  return { status: o.status, out: o.stdout.trim(), verify: r.verify(), self }
}
const plain = request('张测'), utf8 = request('张测', forge.asn1.Type.UTF8), latin = request('Zhang Ce')
console.log('seen, made without valueTagClass:', JSON.stringify(plain))
console.log('control, with UTF8:', JSON.stringify(utf8), ' Latin name:', JSON.stringify(latin))
process.exit(cn !== '张测' && forge.util.decodeUtf8(cn) === '张测' && plain.status !== 0 && plain.verify && utf8.status === 0 && latin.status === 0 ? 0 : 1)
JS
echo "2026-12-01 node-forge 1.4.3, $(openssl version | cut -d' ' -f1-2)"
node a.js && rc=0 || rc=1
echo "means: pages that build requests with forge fail for Chinese names only, far from the cause"
exit $rc
