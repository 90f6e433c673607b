// Contract 10: the public keys of a client.

import { generateKeyPairSync } from 'node:crypto'
import t from 'tap'
import { whyNoClientKey } from '../../src/credentials/client-keys.ts'

void t.test('a public key is taken, a private or shared one never', async (t) => {
  const pairs = [
    generateKeyPairSync('ec', { namedCurve: 'P-256' }),
    generateKeyPairSync('ed25519'),
    generateKeyPairSync('rsa', { modulusLength: 2048 }),
  ]
  for (const { publicKey, privateKey } of pairs) {
    const jwk = publicKey.export({ format: 'jwk' })
    t.equal(whyNoClientKey({ ...jwk }), undefined, jwk.kty ?? '')
    t.match(whyNoClientKey({ ...privateKey.export({ format: 'jwk' }) }), /private key/)
  }
  t.match(whyNoClientKey({ kty: 'oct', k: 'c2VjcmV0' }), /private key/)
  for (const key of [
    {},
    { kty: 'oct' },
    { kty: 'constructor' },
    { kty: 'EC', crv: 'P-256' },
    { kty: 'EC', x: 1 },
  ])
    t.type(whyNoClientKey(key), 'string')
})
