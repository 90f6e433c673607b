// Contract 10.2: proofs of possession (RFC 9449 §4.3): what is taken, and every way in which one is not.

import { createHash } from 'node:crypto'
import * as fc from 'fast-check'
import t from 'tap'
import { digestOf, Secret } from '../../../src/credentials/secret.ts'
import { checkProof } from '../../../src/decision/proof/check-proof.ts'
import { isForUrl } from '../../../src/decision/proof/proof-url.ts'
import { readProof } from '../../../src/decision/proof/read-proof.ts'
import { createProofsSeen } from '../../../src/lookup/proofs-seen.ts'
import { makeProof, type ProofKey, proofKey, type ProofParts } from '../../support/access-token.ts'
import { accessOf, loadDemo, principalOf } from '../../gateway/subject.ts'

const config = await loadDemo()
const token = 'pk_live_abc'
const htu = 'http://api.flintn.com/v1/transactions/1'
const key = proofKey()

interface Shown {
  readonly proofs: readonly string[]
  readonly jkt?: string | null
  readonly isDpop?: boolean
  readonly method?: string
  readonly nowMs?: number
}

function stage(mostRemembered = 1_000) {
  let nowMs = Date.now()
  const proofs = createProofsSeen({ store: null, now: () => nowMs, counted() {}, mostRemembered })
  const check = checkProof({ proofs, now: () => nowMs })
  return (shown: Shown) => {
    nowMs = shown.nowMs ?? Date.now()
    const access = accessOf(config, {
      fields: ['Host: api.flintn.com', ...shown.proofs.map((proof) => `DPoP: ${proof}`)],
      target: '/v1/transactions/1?a=b',
      ...(shown.method !== undefined && { method: shown.method }),
    })
    access.path = '/v1/transactions/1'
    access.credential = new Secret(token)
    access.isDpop = shown.isDpop ?? true
    const jkt = shown.jkt === undefined ? key.jkt : shown.jkt
    const part = { id: 'atk_1', userId: null, grantId: null, jkt }
    access.principal = principalOf({ kind: 'access_token', token: part })
    const verdict = check(access)
    return verdict instanceof Promise ? 'waits' : (verdict?.reason ?? 'passes')
  }
}

const proof = (parts: Partial<ProofParts> = {}, by: ProofKey = key) => makeProof(by, { token, htu, ...parts })
const reasonOf = (...proofs: readonly string[]) => stage()({ proofs })

t.test('a proof of each algorithm passes, once', async (t) => {
  for (const alg of ['ES256', 'EdDSA', 'Ed25519', 'PS256'] as const) {
    const own = proofKey(alg)
    const ask = stage()
    const one = proof({}, own)
    t.equal(ask({ proofs: [one], jkt: own.jkt }), 'passes', alg)
    t.equal(ask({ proofs: [one], jkt: own.jkt }), 'proof_repeated', alg)
    t.equal(ask({ proofs: [proof({}, own)], jkt: own.jkt }), 'passes', alg)
  }
})

t.test('one that nobody could remember is not taken', (t) => {
  const ask = stage(1)
  t.equal(ask({ proofs: [proof()] }), 'passes')
  t.equal(ask({ proofs: [proof()] }), 'proofs_full')
  t.end()
})

t.test('a bound token is nothing without its proof, and what is not bound has none', async (t) => {
  const ask = stage()
  t.equal(ask({ proofs: [], isDpop: false }), 'bound')
  t.equal(ask({ proofs: [proof()], isDpop: false }), 'bound', 'under Bearer a proof is none')
  t.equal(ask({ proofs: [proof()], jkt: null }), 'not_bound')
  t.equal(ask({ proofs: [], jkt: null, isDpop: false }), 'passes')
  t.equal(ask({ proofs: [] }), 'proof_missing')
  t.equal(ask({ proofs: [''] }), 'proof_missing')
  t.equal(ask({ proofs: [proof(), proof()] }), 'several_proofs')
})

t.test('a proof for another request, token or time, or by another key, does not pass', async (t) => {
  const seconds = Math.floor(Date.now() / 1_000)
  for (const [reason, parts] of [
    ['proof_other_request', { htm: 'POST' }],
    ['proof_other_request', { htm: 'get' }],
    ['proof_other_request', { htu: `${htu}/2` }],
    ['proof_other_request', { htu: htu.replace('http:', 'https:') }],
    ['proof_other_request', { htu: htu.replace('flintn', 'flint') }],
    ['proof_other_request', { htu: '/v1/transactions/1' }],
    ['proof_other_token', { token: 'pk_live_abd' }],
    ['proof_other_token', { claims: { ath: createHash('sha256').update(token).digest('hex') } }],
    ['proof_time', { claims: { iat: seconds - 62 } }],
    ['proof_time', { claims: { iat: seconds + 62 } }],
    ['proof_time', { claims: { iat: 0 } }],
  ] satisfies [string, Partial<ProofParts>][])
    t.equal(reasonOf(proof(parts)), reason, JSON.stringify(parts))
  t.equal(reasonOf(proof({}, proofKey())), 'proof_other_key')
  const [header, body] = proof().split('.')
  t.equal(reasonOf(`${header}.${body}.${proof().split('.')[2]}`), 'proof_signature')
  t.equal(reasonOf(`${header}.${body}.AAAA`), 'proof_signature')
})

t.test('times within a minute of ours pass, by either clock', async (t) => {
  const nowMs = 1_800_000_000_000
  for (const [seconds, expected] of [
    [-60, 'passes'],
    [60, 'passes'],
    [-60.001, 'proof_time'],
    [60.001, 'proof_time'],
  ] as const)
    t.equal(
      stage()({ proofs: [proof({ claims: { iat: nowMs / 1_000 + seconds } })], nowMs }),
      expected,
      String(seconds),
    )
})

t.test('what is no proof, or signed in another way, is none', async (t) => {
  const rsa = proofKey('PS256')
  for (const [what, text] of [
    ['no JWT', 'abc'],
    ['two parts', proof().split('.').slice(0, 2).join('.')],
    ['four parts', `${proof()}.AAAA`],
    ['blanks', `${proof()} x`],
    ['padding', `${proof()}=`],
    ['another type', proof({ header: { typ: 'JWT' } })],
    ['no type', proof({ header: { typ: undefined } })],
    ['none', proof({ header: { alg: 'none' } })],
    ['a shared secret', proof({ header: { alg: 'HS256', jwk: { kty: 'oct', k: 'AAAA' } } })],
    ['RS256', proof({ header: { alg: 'RS256' } }, rsa)],
    ['the key of another algorithm', proof({ header: { alg: 'PS256' } })],
    ['no key', proof({ header: { jwk: undefined } })],
    ['a list of keys', proof({ header: { jwk: [key.jwk] } })],
    ['a private key', proof({ header: { jwk: key.privateKey.export({ format: 'jwk' }) } })],
    ['another curve', proof({ header: { jwk: { ...key.jwk, crv: 'P-384' } } })],
    ['what would have to be understood', proof({ header: { crit: ['b64'], b64: false } })],
    ...['htm', 'htu', 'ath', 'jti', 'iat'].map(
      (name) => [`no ${name}`, proof({ claims: { [name]: undefined } })] as const,
    ),
    ['a time in text', proof({ claims: { iat: '1' } })],
    ['an empty id', proof({ claims: { jti: '' } })],
    ['a long id', proof({ claims: { jti: 'a'.repeat(257) } })],
    ['too long', proof({ claims: { more: 'a'.repeat(9_000) } })],
  ] as const)
    t.equal(reasonOf(text), 'proof_malformed', what)
})

t.test('a point that is on no curve, bound as it is, passes nobody', async (t) => {
  const jwk = { crv: 'P-256', kty: 'EC', x: 'A'.repeat(43), y: 'A'.repeat(43) }
  const jkt = createHash('sha256').update(JSON.stringify(jwk)).digest('base64url')
  t.equal(stage()({ proofs: [proof({ header: { jwk } })], jkt }), 'proof_signature')
})

t.test('further members of a key change nothing', async (t) => {
  t.equal(reasonOf(proof({ header: { jwk: { ...key.jwk, kid: 'a', use: 'sig' } } })), 'passes')
})

t.test('the URL counts as its parts mean it, without query and fragment', async (t) => {
  const asked = (
    host: string,
    path: string,
    of: { forwardedHost?: string; isPeerTrusted?: boolean } = {},
  ) => {
    const access = accessOf(config, { fields: [`Host: ${host}`], target: path })
    access.path = path
    access.head.forwardedHost = of.forwardedHost
    access.isPeerTrusted = of.isPeerTrusted ?? false
    access.host = config.table.matchHost(host)
    access.environment = access.host?.environments[0]
    return access
  }
  for (const [url, host, path, isSame] of [
    ['http://api.flint.com/documents', 'api.flint.com', '/documents', true],
    ['HTTP://API.Flint.com:80/documents?a=b#c', 'api.flint.com', '/documents', true],
    ['http://api.flint.com./documents', 'Api.Flint.Com', '/documents', true],
    ['http://api.flint.com/docum%65nts', 'api.flint.com', '/documents', true],
    ['http://api.flint.com/x/../documents', 'api.flint.com', '/documents', true],
    ['http://api.flint.com/a%2db%c3%a4', 'api.flint.com', '/a-b%C3%A4', true],
    ['http://api.flint.com:8080/documents', 'api.flint.com:8080', '/documents', true],
    ['http://api.flint.com', 'api.flint.com', '/', true],
    ['http://api.flint.com:8080/documents', 'api.flint.com', '/documents', false],
    ['http://api.flint.com/Documents', 'api.flint.com', '/documents', false],
    ['http://api.flint.com/documents/', 'api.flint.com', '/documents', false],
    ['http://me@api.flint.com/documents', 'api.flint.com', '/documents', false],
    ['http:\\\\api.flint.com\\documents', 'api.flint.com', '/documents', false],
    ['http://api.flint.com/doc\numents', 'api.flint.com', '/documents', false],
    ['http:/api.flint.com/documents', 'api.flint.com', '/documents', false],
    ['ftp://api.flint.com/documents', 'api.flint.com', '/documents', false],
  ] as const)
    t.equal(isForUrl(url, asked(host, path)), isSame, url)
  const at = (name: string, forwardedHost: string, isPeerTrusted = true) =>
    isForUrl(
      `http://${name}/documents`,
      asked('api.flintn.com', '/documents', { forwardedHost, isPeerTrusted }),
    )
  t.equal(at('api.flintn.com', 'public.example'), true, 'the name that we were asked by is its name always')
  t.equal(at('api.flintn.com', 'public.example', false), true)
  t.equal(at('API.flintn.com', 'api.flintn.com:80'), true)
  t.equal(at('other.example', 'public.example'), false)
  t.equal(at('public.example', 'public.example, api.flint.com'), false, 'several are none')
  for (const [name, why] of [
    ['api.flint.com', 'another API'],
    ['sandbox.api.flintn.com', 'another environment'],
    ['Sandbox.API.flintn.com.:80', 'the same, written otherwise'],
  ] as const) {
    t.equal(at(name, name), false, why)
    t.equal(at('api.flintn.com', name), true, why)
  }
  const behind = { forwardedHost: 'public.example' }
  const url = 'http://public.example/documents'
  t.equal(isForUrl(url, asked('api.flint.com', '/documents', { ...behind, isPeerTrusted: true })), true)
  t.equal(isForUrl(url, asked('api.flint.com', '/documents', behind)), false, 'nobody else says so')
})

t.test('whatever text comes gives a proof or nothing', async (t) => {
  const letters = fc.string({
    unit: fc.constantFrom('e', 'y', 'J', '0', '.', '-', '_', 'A', '9', '='),
    maxLength: 60,
  })
  const made = fc
    .tuple(fc.jsonValue(), fc.jsonValue())
    .map(([header, body]) =>
      [header, body, 'x'].map((one) => Buffer.from(JSON.stringify(one)).toString('base64url')).join('.'),
    )
  const near = fc
    .tuple(fc.constantFrom('typ', 'alg', 'jwk', 'crit'), fc.jsonValue())
    .map(([name, value]) => proof({ header: { [name]: value } }))
  const claims = fc
    .tuple(fc.constantFrom('htm', 'htu', 'ath', 'jti', 'iat'), fc.jsonValue())
    .map(([name, value]) => proof({ claims: { [name]: value } }))
  const ask = stage()
  fc.assert(
    fc.property(fc.oneof(letters, fc.string(), made, near, claims), (text) => {
      readProof(text)
      // A value may be the right one by chance; what is refused is refused by name.
      return /^(passes|proof_\w+)$/.test(ask({ proofs: [text.replace(/[\r\n]/g, '')] }))
    }),
    { numRuns: 300 },
  )
  t.equal(digestOf(new Secret(token)).length, 64)
})
