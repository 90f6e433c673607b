import { createHmac } from 'node:crypto'
import { exportSPKI, UnsecuredJWT } from 'jose'
import t from 'tap'
import type { JwtSettings } from '../../../src/config/jwt-schema.ts'
import { boundToCertificate } from '../../../src/credentials/record.ts'
import { Secret } from '../../../src/credentials/secret.ts'
import { checkToken } from '../../../src/lookup/issuer/check-token.ts'
import { newSigningKey, signed, type SigningKey } from '../../support/token-issuer.ts'
import { claimsOf, keySetOf, merchant, nowMs, published, settingsOf } from './subject.ts'

const one = await newSigningKey('one')
const seconds = nowMs / 1_000
const thumbprint = 'x'.repeat(43)

type Teardown = Parameters<typeof keySetOf>[0]

async function checker(t: Teardown, keys: readonly SigningKey[] = [one], change: Partial<JwtSettings> = {}) {
  const settings = settingsOf(change)
  const set = await keySetOf(t, () => Promise.resolve(published(...keys)))
  return async (token: string) => {
    const checked = await checkToken(new Secret(token), { settings, keys: set, nowMs })
    return checked.kind === 'right' ? checked.token : checked.reason
  }
}

void t.test('what is right is told as its claims have it', async (t) => {
  const check = await checker(t)
  const claims = claimsOf({ scope: 'a  b *', client_id: 'books', jti: 'j1' })
  t.match(await check(await signed(one, claims)), {
    ...{ merchant, environment: 'live', permissions: ['a', 'b'], subject: 'ada', clientId: 'books' },
    ...{ jkt: null, expiresAtMs: nowMs + 330_000, issuer: 'https://id.test' },
    ...{ id: /^jti_[0-9a-f]{32}$/, subjectId: /^sub_[0-9a-f]{32}$/, issuerId: /^iss_[0-9a-f]{32}$/ },
  })
  const ids = [await check(await signed(one, claims)), await check(await signed(one, claims))]
  t.same(Object(ids[0]).id, Object(ids[1]).id, 'one `jti` is one token, however it was signed')
  const list = await check(await signed(one, claimsOf({ scope: ['a', 'b'], aud: ['x', 'https://api.test'] })))
  t.match(list, { permissions: ['a', 'b'] })
  t.match(await check(await signed(one, claimsOf({ scope: undefined, sub: undefined }))), {
    ...{ permissions: [], subject: null, subjectId: null, clientId: null },
  })
})

void t.test('each algorithm that is configured is taken, of keys of its kind', async (t) => {
  for (const algorithm of ['RS256', 'PS256', 'ES256', 'EdDSA'] as const) {
    const key = await newSigningKey('k', algorithm)
    const check = await checker(t, [key])
    t.match(await check(await signed(key, claimsOf())), { merchant }, algorithm)
    const others = (['RS256', 'PS256', 'ES256', 'EdDSA'] as const).filter((other) => other !== algorithm)
    const strict = await checker(t, [key], { algorithms: others })
    t.equal(await strict(await signed(key, claimsOf())), 'jwt_algorithm', `${algorithm} is not configured`)
  }
})

void t.test('a wrong claim is refused, each by its reason', async (t) => {
  const check = await checker(t)
  const cases: readonly [Readonly<Record<string, unknown>>, string][] = [
    [{ iss: 'https://id.test/' }, 'jwt_issuer'],
    [{ iss: undefined }, 'jwt_issuer'],
    [{ aud: 'books' }, 'jwt_audience'],
    [{ aud: undefined }, 'jwt_audience'],
    [{ aud: [] }, 'jwt_audience'],
    [{ exp: undefined }, 'jwt_claims'],
    [{ exp: 'soon' }, 'jwt_claims'],
    [{ exp: seconds - 31 }, 'jwt_expired'],
    [{ exp: seconds + 3_700 }, 'jwt_too_long'],
    [{ exp: 1e300 }, 'jwt_too_long'],
    [{ nbf: seconds + 31 }, 'jwt_not_yet'],
    [{ nbf: 'x' }, 'jwt_not_yet'],
    [{ iat: seconds + 31 }, 'jwt_not_yet'],
    [{ iat: 'x' }, 'jwt_claims'],
    [{ merchant: undefined }, 'jwt_claims'],
    [{ merchant: [merchant] }, 'jwt_claims'],
    [{ scope: 5 }, 'jwt_claims'],
    [{ scope: ['a', 5] }, 'jwt_claims'],
    [{ sub: 5 }, 'jwt_claims'],
    [{ sub: 'a\r\nX-Merchant-Id: b' }, 'jwt_claims'],
    [{ sub: 'x'.repeat(256) }, 'jwt_claims'],
    [{ sub: '' }, 'jwt_claims'],
    [{ sub: 'ä' }, 'jwt_claims'],
    [{ client_id: ' a' }, 'jwt_claims'],
    [{ cnf: { jwk: {} } }, 'jwt_claims'],
    [{ cnf: {} }, 'jwt_claims'],
    [{ cnf: null }, 'jwt_claims'],
    [{ cnf: { jkt: thumbprint, other: thumbprint } }, 'jwt_claims'],
  ]
  for (const [change, reason] of cases)
    t.equal(await check(await signed(one, claimsOf(change))), reason, JSON.stringify(change))
  for (const change of [
    { exp: seconds - 29 },
    { nbf: seconds + 29 },
    { iat: seconds + 29 },
    { iat: undefined },
  ])
    t.match(await check(await signed(one, claimsOf(change))), { merchant }, JSON.stringify(change))
})

void t.test('a header that is another’s is refused', async (t) => {
  const check = await checker(t)
  for (const typ of ['at+jwt', 'application/at+jwt', 'AT+JWT', 'JWT', undefined])
    t.match(await check(await signed(one, claimsOf(), { typ })), { merchant }, `${typ}`)
  for (const typ of ['dpop+jwt', 'logout+jwt', 'secevent+jwt', '', 5])
    t.match(await check(await signed(one, claimsOf(), { typ })), /^jwt_(type|malformed)$/, String(typ))
  t.equal(await check(await signed(one, claimsOf(), { crit: ['b64'], b64: true })), 'jwt_malformed')
})

void t.test('nobody signs with what everybody knows', async (t) => {
  const check = await checker(t)
  t.equal(await check(new UnsecuredJWT(claimsOf()).encode()), 'jwt_malformed')
  const claims = Buffer.from(JSON.stringify(claimsOf())).toString('base64url')
  const made = (header: object, key: string) => {
    const text = `${Buffer.from(JSON.stringify(header)).toString('base64url')}.${claims}`
    return `${text}.${createHmac('sha256', key).update(text).digest('base64url')}`
  }
  const { publicKey } = await import('node:crypto').then(({ createPublicKey }) => ({
    publicKey: createPublicKey({ key: Object(one.jwk), format: 'jwk' }),
  }))
  const pem = await exportSPKI(publicKey)
  for (const key of [pem, JSON.stringify(one.jwk), '']) {
    for (const alg of ['HS256', 'ES256', 'none', 'None'])
      t.match(await check(made({ alg, kid: 'one', typ: 'JWT' }, key)), /^jwt_(algorithm|signature)$/, alg)
  }
  // A key that the token brings along, or says where to find, is nobody's.
  const other = await newSigningKey('one')
  const header = { jwk: other.jwk, jku: 'https://evil.test/jwks', x5u: 'https://evil.test/x' }
  t.equal(await check(await signed(other, claimsOf(), header)), 'jwt_signature')
})

void t.test('what was changed behind the signature is refused', async (t) => {
  const check = await checker(t)
  const [head = '', , tail = ''] = (await signed(one, claimsOf())).split('.')
  const changed = Buffer.from(JSON.stringify(claimsOf({ merchant: 'mer_x' }))).toString('base64url')
  t.equal(await check(`${head}.${changed}.${tail}`), 'jwt_signature')
})

void t.test('a token names its key, or there is only one', async (t) => {
  const two = await newSigningKey('two')
  const check = await checker(t, [one, two])
  t.match(await check(await signed(two, claimsOf())), { merchant })
  t.equal(await check(await signed(two, claimsOf(), { kid: 'one' })), 'jwt_signature')
  t.equal(await check(await signed(two, claimsOf(), { kid: 'three' })), 'jwt_key_unknown')
  t.equal(await check(await signed(two, claimsOf(), { kid: undefined })), 'jwt_key_unknown')
  const alone = await checker(t, [one])
  t.match(await alone(await signed(one, claimsOf(), { kid: undefined })), { merchant })
  const rsa = await newSigningKey('one', 'RS256')
  t.equal(
    await alone(await signed(rsa, claimsOf())),
    'jwt_algorithm',
    'the key of that name is of another kind',
  )
})

void t.test('the environment is that of a claim where one is named', async (t) => {
  const check = await checker(t, [one], { environment: null, environmentClaim: 'env' })
  t.match(await check(await signed(one, claimsOf({ env: 'sandbox' }))), { environment: 'sandbox' })
  for (const env of [undefined, 5, 'Live', ''])
    t.equal(await check(await signed(one, claimsOf({ env }))), 'jwt_environment', String(env))
})

void t.test('what it is bound to is told', async (t) => {
  const check = await checker(t)
  t.match(await check(await signed(one, claimsOf({ cnf: { jkt: thumbprint } }))), { jkt: thumbprint })
  const bound = await check(await signed(one, claimsOf({ cnf: { 'x5t#S256': thumbprint } })))
  t.match(bound, { jkt: boundToCertificate(thumbprint) })
})

void t.test('text of any kind is refused', async (t) => {
  const check = await checker(t)
  for (const text of [
    '',
    '.',
    '..',
    'a.b',
    'a.b.c',
    'a.b.c.d',
    'e30.e30.e30',
    'é.é.é',
    `${'a'.repeat(9_000)}.${'b'.repeat(9_000)}.c`,
  ])
    t.equal(await check(text), 'jwt_malformed', text.slice(0, 20))
  const large = await signed(one, claimsOf({ other: 'x'.repeat(17_000) }))
  t.equal(await check(large), 'jwt_malformed', 'over 16 KiB')
  t.match(await check(await signed(one, claimsOf({ other: 'x'.repeat(8_000) }))), { merchant })
})
