#!/bin/sh
# Bank cards of Chinese members. (1) validator's isCreditCard refuses most 19-digit UnionPay debit cards (6222..., 6217..., 6215...,
# the social-security cards among them), although their Luhn digit is right and isLuhnNumber says so; 16 digits pass.
# (2) bankcardinfo, asked for a bank by card number, sends the WHOLE number over the network when its own table lacks the prefix.
# Here its https calls are recorded instead of made. All numbers are constructed.
# For Yinxin: check length and Luhn only; never name a bank through a package; account numbers stay inside.
# Seen 2026-12-01: validator 13.15.35, bankcardinfo 2.0.6 (npm).
set -eu
D=$(mktemp -d)
trap 'rm -rf "$D"' EXIT INT TERM
cd "$D"
npm init -y >/dev/null 2>&1 && npm install --ignore-scripts --silent --no-audit --no-fund validator@13.15.35 bankcardinfo@2.0.6 >/dev/null 2>&1 ||
	{ echo "skip: the two npm packages are not to be had"; exit 77; }
cat >a.js <<'JS'
const { EventEmitter } = require('events'), calls = []
for (const name of ['http', 'https']) for (const f of ['request', 'get'])
  require(name)[f] = (...args) => {
    const o = args.find(x => x && typeof x === 'object' && !(x instanceof URL)) || {}
    calls.push(args.filter(x => typeof x === 'string' || x instanceof URL).join(' ') + (o.hostname || o.host || '') + (o.path || ''))
    const e = new EventEmitter()
    Object.assign(e, { end() {}, write() {}, setTimeout() {}, abort() {}, destroy() {}, setHeader() {}, setNoDelay() {} })
    setImmediate(() => e.emit('error', new Error('not sent, recorded')))
    return e
  }
if (globalThis.fetch) globalThis.fetch = u => { calls.push(String(u)); return Promise.reject(new Error('not sent, recorded')) }
const v = require('validator'), bank = require('bankcardinfo')
const full = s => { const t = [...s].reverse().reduce((n, c, i) => n + (i % 2 ? +c : c * 2 > 9 ? c * 2 - 9 : c * 2), 0); return s + (10 - t % 10) % 10 }
console.log('expected: a valid UnionPay number is a card number, whatever its length; a look-up by prefix stays on the machine')
let refused = 0
for (const s of ['622202020000000000', '621700001000000000', '621559001000000000', '622848001000000000', '621661001000000']) {
  const n = full(s), ok = v.isCreditCard(n)
  refused += !ok
  console.log(`seen: ${n} (${n.length} digits): isLuhnNumber ${v.isLuhnNumber(n)}, isCreditCard ${ok}`)
}
const unknown = full('621661001000000'), known = full('622202020000000000')
;(async () => {
  await bank.getBankBin(known).catch(() => {})
  const before = calls.length
  await bank.getBankBin(unknown).catch(e => console.log(`seen: bankcardinfo of ${unknown}: ${String(e.message || e).slice(0, 80)}`))
  console.log(`seen: calls for a known prefix ${before}, for an unknown one ${calls.length - before}: ${calls.slice(-1)}`)
  process.exit(refused === 4 && before === 0 && calls.some(c => c.includes(unknown)) ? 0 : 1)
})()
JS
echo "2026-12-01 validator 13.15.35, bankcardinfo 2.0.6"
node a.js && rc=0 || rc=1
echo "means: both packages are wrong for pages about benefits paid to a card"
exit $rc
