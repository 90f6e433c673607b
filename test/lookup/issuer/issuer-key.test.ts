import { generateKeyPairSync } from 'node:crypto'
import t from 'tap'
import { keysOf } from '../../../src/lookup/issuer/issuer-key.ts'
import { newSigningKey } from '../../support/token-issuer.ts'

const ec = (await newSigningKey('e')).jwk
const rsa = (await newSigningKey('r', 'RS256')).jwk

async function algorithmsOf(jwk: object): Promise<string[]> {
  const [first] = await keysOf(JSON.stringify({ keys: [jwk, { ...ec, kid: 'last' }] }))
  return first?.kid === 'last' ? [] : [...(first?.byAlgorithm.keys() ?? [])]
}

void t.test('a key is for what its type allows and it says of itself', async (t) => {
  t.same(await algorithmsOf(ec), ['ES256'])
  const { alg: _, ...plain } = rsa
  t.same(await algorithmsOf(plain), ['RS256', 'PS256'])
  t.same(await algorithmsOf({ ...plain, alg: 'PS256' }), ['PS256'])
  const edwards = (await newSigningKey('d', 'EdDSA')).jwk
  t.same(await algorithmsOf(edwards), ['EdDSA'])
  t.same(await algorithmsOf({ ...edwards, alg: 'Ed25519' }), ['EdDSA'])
})

void t.test('a key of no use is left out', async (t) => {
  const weak = generateKeyPairSync('rsa', { modulusLength: 1024 }).publicKey.export({ format: 'jwk' })
  for (const [name, jwk] of Object.entries({
    encryption: { ...ec, use: 'enc' },
    operations: { ...ec, key_ops: ['encrypt'] },
    other: { ...ec, alg: 'HS256' },
    shared: { kty: 'oct', k: 'c2VjcmV0', kid: 'k', alg: 'HS256' },
    private: { ...ec, d: 'x' },
    curve: { ...ec, crv: 'P-384' },
    point: { ...ec, x: ec.y },
    weak: { ...weak, kid: 'weak' },
    none: {},
  }))
    t.same(await algorithmsOf(jwk), [], name)
})

void t.test('a set without a key of use is none', async (t) => {
  for (const text of ['x', '5', '{"keys":[]}', '{"keys":[{"kty":"oct","k":"c2VjcmV0"}]}'])
    await t.rejects(keysOf(text), { message: /^(what )?it publishes/ }, text)
})
