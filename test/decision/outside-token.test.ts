// Tokens of outside issuers against a merchant's record, with a clock of the test's own.

import t from 'tap'
import { outsideAuthenticator } from '../../src/decision/outside-token.ts'
import type { Misses } from '../../src/decision/misses.ts'
import { digestOfMerchant } from '../../src/credentials/merchant-digest.ts'
import type { CredentialRecord } from '../../src/credentials/record.ts'
import { Secret } from '../../src/credentials/secret.ts'
import type { Found } from '../../src/lookup/found.ts'
import type { CheckedToken, OutsideToken } from '../../src/lookup/issuer/checked-token.ts'
import { accessOf, loadDemo } from '../gateway/subject.ts'
import { matchRoute } from '../../src/decision/route.ts'
import { merchant, settingsOf } from '../lookup/issuer/subject.ts'

const config = await loadDemo()
const token: OutsideToken = {
  ...{ issuer: 'https://id.test', id: 'jti_1', subjectId: 'sub_1', issuerId: 'iss_1', clientId: null },
  ...{ merchant, environment: 'live', permissions: ['transaction.read'], subject: 'ada', jkt: null },
  expiresAtMs: 1_000,
}
const record: CredentialRecord = {
  ...{
    kind: 'merchant',
    keyId: 'jwt_1',
    secretId: 'jwt_1',
    merchantId: merchant,
    api: '',
    environment: 'merchant',
  },
  ...{
    status: 'active',
    merchantStatus: 'active',
    permissions: [],
    expiresAtMs: null,
    secretExpiresAtMs: null,
  },
  ...{ limits: null, token: null, revision: 1 },
}

interface Scene {
  readonly known?: CheckedToken
  readonly checked?: CheckedToken
  readonly found?: Found
  readonly nowMs?: number
  readonly misses?: Partial<Misses>
}

async function judge({ known, checked = { kind: 'right', token }, found, nowMs = 0, misses }: Scene = {}) {
  const asked: string[] = []
  let counted = 0
  const authenticate = outsideAuthenticator({
    issuers: { known: () => known, check: () => Promise.resolve(checked) },
    lookup: {
      find(digest) {
        asked.push(digest)
        return found ?? { kind: 'known', record, tier: 'memory' }
      },
      findInMemory: () => undefined,
    },
    misses: { count: () => void counted++, isOver: () => false, mayStill: () => false, ...misses },
    now: () => nowMs,
    grantOf: (_api, permissions) => ({ held: new Set(permissions), permissionsHeader: permissions.join() }),
  })
  const access = accessOf(config)
  matchRoute(access)
  const { host } = access
  if (host === undefined) throw new Error('no host')
  const denial = await authenticate(access, { host, settings: settingsOf(), token: new Secret('a.b.c') })
  return { denial, access, asked, counted }
}

void t.test('what its issuer says, on the record of the merchant', async (t) => {
  const { denial, access, asked } = await judge()
  t.equal(denial, undefined)
  t.same(asked, [digestOfMerchant(merchant)])
  t.match(access.principal, {
    record: {
      ...{ ...record, kind: 'outside_token', api: 'flintn', environment: 'live', expiresAtMs: 1_000 },
      token: { id: 'jti_1', userId: 'ada', grantId: null, jkt: null },
    },
    outside: { id: 'jti_1' },
  })
  t.equal(access.environment?.name, 'live')
})

void t.test('its end and its merchant’s are asked each time, remembered or not', async (t) => {
  const known: CheckedToken = { kind: 'right', token }
  t.equal((await judge({ known, nowMs: 999 })).denial, undefined)
  t.match((await judge({ known, nowMs: 1_000 })).denial, { code: 'INVALID_API_KEY', reason: 'expired' })
  const suspended: Found = {
    kind: 'known',
    record: { ...record, merchantStatus: 'suspended' },
    tier: 'memory',
  }
  t.match((await judge({ known, found: suspended })).denial, { reason: 'merchant_suspended' })
})

void t.test('what cannot be told is no wrong token', async (t) => {
  const found: Found = { kind: 'unavailable', reason: 'postgres_unavailable' }
  t.match((await judge({ found })).denial, { code: 'AUTH_UNAVAILABLE', reason: 'postgres_unavailable' })
  const checked: CheckedToken = { kind: 'unavailable', reason: 'jwt_no_keys' }
  const { denial, counted, asked } = await judge({ checked })
  t.match(denial, { code: 'AUTH_UNAVAILABLE', reason: 'jwt_no_keys' })
  t.same([counted, asked], [0, []])
})

void t.test(
  'whoever comes with wrong ones is counted, and then none but those that are known is checked',
  async (t) => {
    const wrong = await judge({ checked: { kind: 'wrong', reason: 'jwt_signature' } })
    t.match(wrong, { denial: { code: 'INVALID_API_KEY', reason: 'jwt_signature' }, counted: 1, asked: [] })
    t.equal((await judge({ found: { kind: 'unknown', tier: 'postgres' } })).counted, 1)
    const misses = { isOver: () => true }
    t.match((await judge({ misses })).denial, { code: 'TOO_MANY_REQUESTS' })
    t.equal((await judge({ misses, known: { kind: 'right', token } })).denial, undefined)
    t.equal((await judge({ misses: { ...misses, mayStill: () => true } })).denial, undefined)
  },
)

void t.test('a token of another environment is none of this host’s', async (t) => {
  const of = (environment: string): CheckedToken => ({ kind: 'right', token: { ...token, environment } })
  t.match((await judge({ checked: of('sandbox') })).denial, { code: 'WRONG_ENVIRONMENT' })
  t.match((await judge({ checked: of('other') })).denial, { reason: 'jwt_environment' })
  const other: CheckedToken = { kind: 'right', token: { ...token, merchant: 'acme' } }
  t.match(await judge({ checked: other }), { denial: { reason: 'jwt_merchant' }, asked: [] })
})
