// What is said of one client: how often all of its tokens may be used; how often it may show itself wrongly. And the line in the
// audit of keys that are rotated.

import * as client from 'openid-client'
import t from 'tap'
import { codeOf, exchange, request } from '../support/wire.ts'
import { discover } from './flow.ts'
import { startOauthProgram } from './server-program.ts'

t.setTimeout(60_000)

const about = { grants: ['client_credentials'], permissions: ['transaction.read'] }

void t.test('limits of a client', async (t) => {
  const program = await startOauthProgram(
    t,
    'oauth: {}\n    rate_limits: { default: { rate: 1000/min, per: key }, wide: { rate: 1000/min, per: merchant } }',
  )
  const made = await program.makeClient({ ...about, rate_limits: { default: { rate: '2/h' } }, in_flight: 7 })
  const config = await discover(program, made)
  const ask = async () => {
    const { access_token: token } = await client.clientCredentialsGrant(config)
    const fields = ['Host: api.flintn.com', `Authorization: Bearer ${token}`]
    const answer = await exchange(program.gatewayPort, request('GET /v1/transactions/1', fields))
    return codeOf(answer) ?? answer.status
  }

  t.same([await ask(), await ask(), await ask()], [200, 200, 'RATE_LIMITED'], 'its tokens are one')
  const shown = await program.call('GET', `/clients/${made.id}`)
  t.match(shown.body, { rate_limits: { default: { rate: '2/h', burst: null } }, in_flight: 7 })
  const other = await discover(program, await program.makeClient(about))
  t.ok((await client.clientCredentialsGrant(other)).access_token, 'and another client’s are not')
  const patched = await program.call('PATCH', `/clients/${made.id}?wait=all`, { rate_limits: null })
  t.match(patched, { status: 200, body: { rate_limits: {}, in_flight: 7, pending: [] } })
  t.equal(await ask(), 200, 'changed, it is in force when the answer comes')
  for (const rate_limits of [
    { unknown: { rate: '2/h' } },
    { wide: { rate: '2/h' } },
    { default: { rate: 'x' } },
  ])
    t.equal((await program.call('PATCH', `/clients/${made.id}`, { rate_limits })).status, 422)
})

void t.test('a client that shows itself wrongly', async (t) => {
  const program = await startOauthProgram(t)
  const made = await program.makeClient(about)
  const ask = async (secret: string) => {
    const answer = await fetch(`${program.issuer}/token`, {
      method: 'POST',
      headers: { authorization: `Basic ${Buffer.from(`${made.id}:${secret}`).toString('base64')}` },
      body: new URLSearchParams({ grant_type: 'client_credentials' }),
    })
    await answer.arrayBuffer()
    return answer.status
  }
  const statuses = new Set<number>()
  for (let count = 0; count < 80 && !statuses.has(429); count++) statuses.add(await ask('wrong'))
  t.same([...statuses], [401, 429])
  t.equal(await ask(made.secret), 429, 'whoever is behind the same address waits, too')
  t.equal((await fetch(`${program.issuer}/jwks`)).status, 200)
})

void t.test('keys are rotated with their line in the audit, or not at all', async (t) => {
  const program = await startOauthProgram(t)
  const count = async () => (await program.db.query('SELECT FROM oauth_key')).length
  const lines = async () =>
    (await program.db.query(`SELECT FROM audit WHERE action = 'oauth.rotate_keys'`)).length
  await fetch(`${program.issuer}/jwks`)
  const before = await count()
  await program.db.query(`CREATE FUNCTION lose() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN PERFORM pg_terminate_backend(pg_backend_pid()); RETURN NEW; END $$`)
  await program.db.query('CREATE TRIGGER lose BEFORE INSERT ON audit FOR EACH ROW EXECUTE FUNCTION lose()')
  t.equal((await program.call('POST', '/oauth/keys/rotate', {})).status, 503)
  t.equal(await count(), before)
  await program.db.query('DROP TRIGGER lose ON audit')
  t.equal((await program.call('POST', '/oauth/keys/rotate', {})).status, 200)
  t.same([await count(), await lines()], [before + 1, 1])
})
