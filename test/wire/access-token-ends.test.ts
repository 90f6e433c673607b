// Contract 10.1 and 7: what ends access tokens ends them on every instance by the time of the answer to `?wait=all`.

import t from 'tap'
import { createPostgres } from '../../src/store/postgres.ts'
import { issueToken, type MadeToken } from '../support/access-token.ts'
import { startTestProgram } from '../support/program.ts'
import { until } from '../support/until.ts'
import { exchange, fieldOf, request } from '../support/wire.ts'

t.setTimeout(120_000)

const options = {
  api: '    oauth: { access_token: 15m }',
  sections: 'hub: {}',
  control: ', public_url: "http://127.0.0.1:8081"',
}
const first = await startTestProgram(t, options)
const second = await startTestProgram(t, { ...options, databaseUrl: first.databaseUrl, role: 'gateway' })
const ports = [first.gatewayPort, second.gatewayPort]
const { admin } = first
const db = createPostgres({ url: first.databaseUrl, applicationName: 'test' })
t.teardown(() => db.close())

const statusOf = async (port: number, { text }: MadeToken) =>
  (
    await exchange(
      port,
      request('GET /v1/transactions/1', ['Host: api.flintn.com', `Authorization: Bearer ${text}`]),
    )
  ).status

/** Known to every instance. */
async function knownTokens(merchant: string, of: readonly Partial<MadeToken>[]): Promise<MadeToken[]> {
  const tokens: MadeToken[] = []
  for (const one of of) {
    const token = await issueToken(db, merchant, one)
    for (const port of ports) t.equal(await statusOf(port, token), 200)
    tokens.push(token)
  }
  return tokens
}

const answers = (token: MadeToken) => Promise.all(ports.map((port) => statusOf(port, token)))

let people = 0
async function makeMember(merchant: string): Promise<{ readonly id: string; readonly email: string }> {
  people += 1
  const [id, email] = [`usr_member${String(people).padStart(8, '0')}`, `member${people}@example.com`]
  await db.query(
    `INSERT INTO person (id, email, kind, created_at, created_by) VALUES ($1, $2, 'member', now(), 'test')`,
    [id, email],
  )
  await db.query(
    `INSERT INTO membership (person_id, merchant_id, role, created_at, created_by) VALUES ($1, $2, 'admin', now(), 'test')`,
    [id, merchant],
  )
  return { id, email }
}

t.test('a member’s role, its removal and its end end what hangs on them, and nothing else', async (t) => {
  for (const [what, method, path, body, isElsewhere] of [
    ['role', 'PATCH', 'merchants/MER/members/USR', { role: 'viewer' }, false],
    ['removal', 'DELETE', 'merchants/MER/members/USR', {}, false],
    ['disabled', 'POST', 'members/USR/disable', {}, true],
  ] as const) {
    const [merchant, other] = [await admin.makeMerchant(), await admin.makeMerchant()]
    const member = await makeMember(merchant)
    const userId = member.id
    const [own, others] = await knownTokens(merchant, [{ userId }, { userId: 'usr_somebodyelse' }])
    const [elsewhere] = await knownTokens(other, [{ userId, grantId: 'grt_elsewhere1' }])
    if (own === undefined || others === undefined || elsewhere === undefined) return t.fail('no tokens')
    const answer = await admin.call(
      method,
      `/${path.replace('MER', merchant).replace('USR', userId)}?wait=all`,
      body,
    )
    t.match(answer, { status: 200, body: { pending: [] } }, what)
    t.same(await answers(own), [401, 401], what)
    t.same(await answers(others), [200, 200], what)
    t.same(await answers(elsewhere), isElsewhere ? [401, 401] : [200, 200], what)
    const again = await issueToken(db, merchant, { userId })
    t.same(await answers(again), [200, 200], 'what is given afterwards works')
  }
})

t.test('a suspended merchant’s tokens work nowhere', async (t) => {
  const merchant = await admin.makeMerchant()
  const [token] = await knownTokens(merchant, [{}])
  if (token === undefined) return t.fail('no token')
  t.match(await admin.call('POST', `/merchants/${merchant}/suspend?wait=all`), { body: { pending: [] } })
  t.same(await answers(token), [401, 401])
})

t.test('another password ends what was given before it', async (t) => {
  const merchant = await admin.makeMerchant()
  const { id: userId, email } = await makeMember(merchant)
  const [before] = await knownTokens(merchant, [{ userId }])
  const { body } = await admin.call('POST', `/members/${userId}/link`)
  const token = String(Object(body['link'])['url']).split('#')[1] ?? ''
  const control = (method: string, path: string, sent: object, fields: readonly string[] = []) => {
    const text = JSON.stringify(sent)
    const head = ['Host: 127.0.0.1:8081', 'Origin: http://127.0.0.1:8081', 'Content-Type: application/json']
    return exchange(
      first.controlPort,
      request(`${method} /hub/v1${path}`, [...head, ...fields, `Content-Length: ${text.length}`], text),
      5_000,
    )
  }
  const password = 'a first password of some length'
  const set = await control('POST', '/password', { token, password })
  t.equal(set.status, 200, set.body)
  const isOver = (one: MadeToken | undefined) => async () =>
    one !== undefined && (await answers(one)).every((status) => status === 401)
  await until(isOver(before), 'the token of before has ended')
  const signed = await control('POST', '/session', { email, password })
  const cookie = fieldOf(signed, 'set-cookie')?.split(';')[0] ?? ''
  const { csrf } = Object(JSON.parse(signed.body))
  const [later] = await knownTokens(merchant, [{ userId }])
  const changed = await control(
    'POST',
    '/account/password',
    { current: password, password: 'a second password of some length' },
    [`Cookie: ${cookie}`, `X-CSRF-Token: ${csrf}`],
  )
  t.equal(changed.status, 200, changed.body)
  await until(isOver(later), 'the later token has ended, too')
})
