// Contract 10.2: proofs of possession (DPoP, RFC 9449) at the gateway, over the wire, on two instances, with Redis and without.

import t from 'tap'
import { createPostgres } from '../../src/store/postgres.ts'
import { issueToken, makeProof, proofKey } from '../support/access-token.ts'
import { startTestProgram, type TestProgram } from '../support/program.ts'
import { startRedis } from '../support/redis-service.ts'
import { startTcpProxy } from '../support/tcp-proxy.ts'
import { until } from '../support/until.ts'
import { valuesOf } from '../support/upstream.ts'
import { codeOf, exchange, fieldOf, request } from '../support/wire.ts'

t.setTimeout(120_000)

const redis = await startRedis()
const proxy = await startTcpProxy([Number(new URL(redis.url).port)])
t.teardown(async () => {
  await proxy.close()
  await redis.stop()
})
const options = {
  api: '    oauth: { access_token: 15m }',
  redis: `redis://127.0.0.1:${proxy.port}`,
  gateway: ', trusted_proxies: [127.0.0.2]',
}
const first = await startTestProgram(t, options)
const second = await startTestProgram(t, { ...options, databaseUrl: first.databaseUrl, role: 'gateway' })
const db = createPostgres({ url: first.databaseUrl, applicationName: 'test' })
t.teardown(() => db.close())
const merchant = await first.admin.makeMerchant()
const key = proofKey()
const token = await issueToken(db, merchant, { jkt: key.jkt })
const htu = 'http://api.flintn.com/v1/transactions/1'
const authorization = `Authorization: DPoP ${token.text}`
const proof = (of: Partial<Parameters<typeof makeProof>[1]> = {}) =>
  makeProof(key, { token: token.text, htu, ...of })

const ask = (
  fields: readonly string[],
  { gatewayPort }: TestProgram = first,
  line = 'GET /v1/transactions/1?a=b',
) => exchange(gatewayPort, request(line, ['Host: api.flintn.com', ...fields]), 3_000)
const reason = (of = first) => of.log.findLast(({ msg }) => msg === 'request')?.['reason']

t.test('a token with its proof passes, and neither reaches the upstream', async (t) => {
  const answer = await ask([authorization, `DPoP: ${proof()}`])
  t.equal(answer.status, 200, answer.body)
  const seen = first.live.requests.at(-1)
  t.same(
    ['Authorization', 'DPoP'].flatMap((name) => valuesOf(seen, name)),
    [],
  )
  t.same(valuesOf(seen, 'X-Client-Id'), [token.clientId])
  t.equal((await ask([`Authorization: dpop  ${token.text}`, `dpop: ${proof()}`])).status, 200, 'in any case')
})

t.test('HEAD is a method of its own, and follows the route of GET', async (t) => {
  const line = 'HEAD /v1/transactions/1'
  t.equal((await ask([authorization, `DPoP: ${proof({ htm: 'HEAD' })}`], first, line)).status, 200)
  t.equal((await ask([authorization, `DPoP: ${proof()}`], first, line)).status, 401)
  t.equal(reason(), 'proof_other_request')
})

t.test(
  'a bound token without its proof is a wrong key, and what is told is what the request shows',
  async (t) => {
    const one = proof()
    t.equal((await ask([authorization, `DPoP: ${one}`])).status, 200)
    for (const [why, fields, hint] of [
      ['bound', [`Authorization: Bearer ${token.text}`], undefined],
      ['bound', [`X-Api-Key: ${token.text}`, `DPoP: ${proof()}`], undefined],
      ['proof_missing', [authorization], 'field DPoP'],
      ['several_proofs', [authorization, `DPoP: ${proof()}`, `DPoP: ${proof()}`], 'more than once'],
      ['proof_malformed', [authorization, 'DPoP: abc'], 'no proof that is taken'],
      ['proof_other_request', [authorization, `DPoP: ${proof({ htm: 'POST' })}`], 'another method or URL'],
      ['proof_other_token', [authorization, `DPoP: ${proof({ token: 'other' })}`], 'another token'],
      ['proof_time', [authorization, `DPoP: ${proof({ claims: { iat: 1 } })}`], undefined],
      [
        'proof_other_key',
        [authorization, `DPoP: ${makeProof(proofKey(), { token: token.text, htu })}`],
        undefined,
      ],
      ['proof_repeated', [authorization, `DPoP: ${one}`], undefined],
    ] as const) {
      const answer = await ask(fields)
      t.equal(answer.status, 401, why)
      t.equal(codeOf(answer), 'INVALID_API_KEY')
      t.equal(reason(), why)
      const { error } = JSON.parse(answer.body)
      if (hint === undefined) t.equal(error.hint, undefined, why)
      else t.match(error.hint, hint)
      const isDpop = fields.some((field) => field.startsWith('Authorization: DPoP'))
      const challenge = 'DPoP realm="flintn", error="invalid_token", algs="ES256 EdDSA Ed25519 PS256"'
      t.equal(answer.head.includes(`WWW-Authenticate: ${challenge}`), isDpop, why)
      t.notMatch(answer.body, token.text)
    }
  },
)

t.test('under the scheme DPoP nothing else passes: no key, no token that is bound to none', async (t) => {
  const bearer = await issueToken(db, merchant)
  const apiKey = await first.admin.makeKey(merchant)
  for (const text of [bearer.text, apiKey.secret]) {
    const fields = [`Authorization: DPoP ${text}`, `DPoP: ${makeProof(key, { token: text, htu })}`]
    t.equal(codeOf(await ask(fields)), 'INVALID_API_KEY')
    t.equal(reason(), 'not_bound')
  }
  const empty = await ask(['Authorization: DPoP'])
  t.equal(codeOf(empty), 'MISSING_API_KEY')
  t.match(fieldOf(empty, 'www-authenticate'), /realm="flintn"/)
})

t.test('an API without oauth knows no such scheme, and passes a field DPoP on', async (t) => {
  const flint = (fields: readonly string[]) =>
    exchange(first.gatewayPort, request('GET /documents', ['Host: api.flint.com', ...fields]), 3_000)
  t.equal(codeOf(await flint([authorization])), 'INVALID_API_KEY')
  t.equal(reason(), 'other_scheme')
  const own = await first.admin.makeKey(merchant, { api: 'flint', permissions: ['document.read'] })
  t.equal((await flint([`Authorization: Bearer ${own.secret}`, 'DPoP: mine'])).status, 200)
  t.same(valuesOf(first.live.requests.at(-1), 'DPoP'), ['mine'])
})

t.test(
  'a proof is taken once over both instances; with Redis away once in each, and soon once in both again',
  async (t) => {
    const one = `DPoP: ${proof()}`
    t.equal((await ask([authorization, one], second)).status, 200)
    t.equal((await ask([authorization, one], first)).status, 401)
    t.equal(reason(first), 'proof_repeated')
    const counted = async (name: string) =>
      Number(new RegExp(`^${name} (\\d+)$`, 'm').exec(await first.program.metrics.text())?.[1])
    t.ok((await counted('latchkey_proofs_shared_total')) > 0)
    await proxy.set('hang')
    const other = `DPoP: ${proof()}`
    t.equal((await ask([authorization, other], first)).status, 200)
    t.equal((await ask([authorization, other], first)).status, 401, 'its own it knows')
    t.equal((await ask([authorization, other], second)).status, 200, 'nobody can tell it otherwise')
    t.ok((await counted('latchkey_proofs_alone_total')) > 0)
    t.ok(first.log.some(({ msg }) => String(msg).includes('taken once in each process')))
    await proxy.set('pass')
    await until(async () => {
      const next = `DPoP: ${proof()}`
      const statuses = [
        (await ask([authorization, next], first)).status,
        (await ask([authorization, next], second)).status,
      ]
      return statuses[0] === 200 && statuses[1] === 401
    }, 'both count together again')
  },
)
