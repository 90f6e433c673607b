// Contract 10 and 10.1: an access token is treated as a key of its merchant, wherever the API takes tokens.

import t from 'tap'
import { createPostgres } from '../../src/store/postgres.ts'
import { issueToken } from '../support/access-token.ts'
import { startKeyedProgram } from '../support/keyed-program.ts'
import { valuesOf } from '../support/upstream.ts'
import { codeOf, exchange, fieldOf, request } from '../support/wire.ts'

t.setTimeout(120_000)

const program = await startKeyedProgram(t, { api: '    oauth: { access_token: 15m }' })
const { gatewayPort, live, sandbox, merchant, admin } = program
const db = createPostgres({
  url: program.databaseUrl,
  applicationName: 'test',
})
t.teardown(() => db.close())
const host = 'Host: api.flintn.com'
const ask = (fields: readonly string[], line = 'GET /v1/transactions/1') =>
  exchange(gatewayPort, request(line, fields))
const asBearer = (text: string) => ask([host, `Authorization: Bearer ${text}`])
/** The private reason of the last refusal. */
const reason = () => program.log.findLast(({ msg }) => msg === 'request')?.['reason']

t.test('a token passes in either place, and the upstream learns whose it is', async (t) => {
  const token = await issueToken(db, merchant)
  for (const field of [`Authorization: Bearer ${token.text}`, `X-Api-Key: ${token.text}`]) {
    t.equal((await ask([host, field])).status, 200, field)
    const seen = live.requests.at(-1)
    t.same(
      ['X-Merchant-Id', 'X-Permissions', 'X-Key-Id', 'X-Environment', 'X-Client-Id', 'X-User-Id'].map(
        (name) => valuesOf(seen, name),
      ),
      [[merchant], ['transaction.read'], [token.clientId], ['live'], [token.clientId], ['usr_person00001']],
    )
    t.same(valuesOf(seen, 'Authorization'), [])
  }
  t.match(
    program.log.findLast(({ msg }) => msg === 'request'),
    {
      ...{ merchant, key_id: token.clientId, client_id: token.clientId, token_id: token.id },
      ...{ user_id: 'usr_person00001', decision: 'allow' },
    },
  )
  t.notMatch(JSON.stringify(program.log), token.text)
})

t.test('a client’s own token names no user; a key names neither', async (t) => {
  const token = await issueToken(db, merchant, { userId: null, grantId: null })
  t.equal((await asBearer(token.text)).status, 200)
  t.same(valuesOf(live.requests.at(-1), 'X-Client-Id'), [token.clientId])
  t.same(valuesOf(live.requests.at(-1), 'X-User-Id'), [])
  t.equal((await program.send('GET /v1/transactions/1')).status, 200)
  t.same(valuesOf(live.requests.at(-1), 'X-Client-Id'), [])
  t.notMatch(
    program.log.findLast(({ msg }) => msg === 'request'),
    { client_id: String },
  )
})

t.test(
  'nobody says for a client who it is, in any spelling, with a token, with a key, with neither',
  async (t) => {
    const token = await issueToken(db, merchant, { userId: null })
    const names = [
      'X-Client-Id',
      'X-User-Id',
      'x_client_id',
      'X.User.Id',
      'X-CLIENT_ID',
      'x-user_id',
      'X~Client-Id',
    ]
    const spoofed = names.map((name) => `${name}: cli_other`)
    const folded = (name: string) => name.toLowerCase().replace(/[^a-z0-9]/g, '-')
    for (const [fields, line, expected] of [
      [[`Authorization: Bearer ${token.text}`], 'GET /v1/transactions/1', [`x-client-id: ${token.clientId}`]],
      [[program.auth], 'GET /v1/transactions/1', []],
      [[], 'GET /v1/status', []],
    ] as const) {
      t.equal((await ask([host, ...spoofed, ...fields], line)).status, 200)
      const pairs = live.requests.at(-1)?.headers ?? []
      t.same(
        pairs
          .map(([name, value]) => `${folded(name)}: ${value}`)
          .filter((text) => /^x-(?:client|user)-id:/.test(text)),
        expected,
      )
      t.notMatch(JSON.stringify(pairs), 'cli_other')
    }
  },
)

t.test('what may be done is what the token says, and nothing more', async (t) => {
  const token = await issueToken(db, merchant)
  const answer = await ask([host, `Authorization: Bearer ${token.text}`], 'GET /v1/transactions')
  t.equal(answer.status, 403)
  t.match(JSON.parse(answer.body), {
    error: { code: 'INSUFFICIENT_PERMISSIONS', required: ['transaction.search'] },
  })
  t.match(answer.head, 'WWW-Authenticate: Bearer realm="flintn", error="insufficient_scope"')
})

t.test('the environment is the prefix’s, and a record of another one does not pass', async (t) => {
  const sandboxToken = await issueToken(db, merchant, { environment: 'sandbox', prefix: 'pk_test_' })
  t.equal(codeOf(await asBearer(sandboxToken.text)), 'WRONG_ENVIRONMENT')
  const there = await ask(['Host: sandbox.api.flintn.com', `Authorization: Bearer ${sandboxToken.text}`])
  t.equal(there.status, 200)
  t.same(valuesOf(sandbox.requests.at(-1), 'X-Environment'), ['sandbox'])
  const astray = await issueToken(db, merchant, { environment: 'sandbox' })
  t.equal(codeOf(await asBearer(astray.text)), 'INVALID_API_KEY')
  t.equal(reason(), 'other_environment')
})

t.test(
  'one that is over, ended or of a suspended merchant gets the one answer that all wrong keys get',
  async (t) => {
    const over = await issueToken(db, merchant, { lifetimeMs: 0 })
    const suspended = await admin.makeMerchant()
    const theirs = await issueToken(db, suspended)
    t.equal((await asBearer(theirs.text)).status, 200)
    await admin.call('POST', `/merchants/${suspended}/suspend?wait=all`)
    const unknown = await asBearer(theirs.text.slice(0, -1))
    const shape = (body: string) => body.replace(/"request_id":"[^"]*"|,"hint":"[^"]*"/g, '')
    for (const [token, why] of [
      [over, 'expired'],
      [theirs, 'merchant_suspended'],
    ] as const) {
      const answer = await asBearer(token.text)
      t.equal(answer.status, 401, why)
      t.equal(reason(), why)
      t.equal(shape(answer.body), shape(unknown.body))
      t.equal(fieldOf(answer, 'hint'), undefined)
    }
    await admin.call('POST', `/merchants/${suspended}/resume?wait=all`)
    t.equal((await asBearer(theirs.text)).status, 200, 'as its keys do, it works again')
  },
)

t.test('an API without oauth takes no tokens', async (t) => {
  const token = await issueToken(db, merchant, {
    ...{ api: 'flint', prefix: 'flint_live_', permissions: ['document.read'] },
  })
  const answer = await ask(['Host: api.flint.com', `Authorization: Bearer ${token.text}`], 'GET /documents')
  t.equal(codeOf(answer), 'INVALID_API_KEY')
  t.equal(reason(), 'tokens_not_taken')
})

t.test('two credentials are one too many, whatever they are', async (t) => {
  const token = await issueToken(db, merchant)
  const bearer = `Authorization: Bearer ${token.text}`
  for (const fields of [
    [bearer, program.auth],
    [bearer, bearer],
    [`X-Api-Key: ${token.text}`, program.auth],
  ])
    t.equal(codeOf(await ask([host, ...fields])), 'INVALID_API_KEY')
  t.equal(codeOf(await ask([host], `GET /v1/transactions/1?access_token=${token.text}`)), 'INVALID_API_KEY')
  t.equal(reason(), 'key_in_query')
})

t.test('the emergency stop ends all tokens of a client', async (t) => {
  const token = await issueToken(db, merchant, { clientId: 'cli_stopped00001' })
  t.equal((await asBearer(token.text)).status, 200)
  const entry = { kind: 'key', value: 'cli_stopped00001' }
  t.equal((await admin.call('POST', '/deny?wait=all', entry)).status, 201)
  t.equal(codeOf(await asBearer(token.text)), 'INVALID_API_KEY')
  t.equal(reason(), 'denied_key')
  await admin.call('DELETE', '/deny?wait=all', entry)
  t.equal((await asBearer(token.text)).status, 200)
})

t.test('tokens are in no list of keys, nor found among them', async (t) => {
  const token = await issueToken(db, merchant)
  const { body } = await admin.call('GET', `/keys?merchant_id=${merchant}`)
  t.same(
    Object(body)['data'].map(({ id }: { id: string }) => id),
    [program.key.id],
  )
  t.same((await admin.call('GET', `/keys?q=${token.id}`)).body, { data: [], next_cursor: null })
  t.equal((await admin.call('GET', `/keys/${token.clientId}`)).status, 404)
})
