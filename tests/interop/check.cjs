// sm-crypto's judgement: node check.cjs PATH_OF_SM_CRYPTO DIR. Exit status 0 when it agrees in everything.
'use strict'
const fs = require('fs')
const path = require('path')
const { sm2, sm3 } = require(process.argv[2])
const dir = process.argv[3]
const read = name => fs.readFileSync(path.join(dir, name))
const hex = name => read(name).toString('hex')
const options = { der: true, hash: true }
const fail = what => {
  console.error('sm-crypto disagrees: ' + what)
  process.exitCode = 1
}

function verifies (message, signature, point) {
  try {
    return sm2.doVerifySignature(Array.from(message), signature, point, options)
  } catch (e) {
    return false
  }
}

if (!verifies(read('msg'), hex('sig'), hex('point'))) fail('signature')
if (!verifies(read('sign.tbs'), hex('sign.tbs.sig'), hex('ca.point'))) fail('certificate')
const other = Buffer.from(read('msg'))
other[3] ^= 1
if (verifies(other, hex('sig'), hex('point'))) fail('changed message is accepted')
if (sm3('abc') !== '66c7f0f462eeedd9d1f2d46bdc10e4e24167c4875cf2f7a2297da02b8f4ba8e0') fail('SM3')
