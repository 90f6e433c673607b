// Clients that publish their keys (`jwks_uri`): fetched by the rules of webhooks, kept, and asked for anew for a key that is not known.

import { createServer } from 'node:http'
import * as client from 'openid-client'
import t from 'tap'
import { createClientKeySets } from '../../src/oauth/client-key-sets.ts'
import { discover, errorOf } from './flow.ts'
import { startOauthProgram } from './server-program.ts'

t.setTimeout(60_000)

const { subtle } = globalThis.crypto
const es256 = { name: 'ECDSA', namedCurve: 'P-256' }

async function newKey(kid: string) {
  const pair = await subtle.generateKey(es256, true, ['sign', 'verify'])
  const { key_ops: _, ext: __, ...jwk } = await subtle.exportKey('jwk', pair.publicKey)
  return {
    auth: client.PrivateKeyJwt({ key: pair.privateKey, kid }),
    jwk: { ...jwk, kid, alg: 'ES256', use: 'sig' },
  }
}

void t.test('a client that publishes its keys', async (t) => {
  const [one, two] = [await newKey('one'), await newKey('two')]
  let published = JSON.stringify({ keys: [one.jwk] })
  let asked = 0
  const server = createServer((_request, answer) => {
    asked++
    answer.end(published)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.teardown(() => void server.close())
  const uri = `http://127.0.0.1:${Object(server.address()).port}/jwks`
  const program = await startOauthProgram(t, 'oauth: {}', { hub: '{}\nwebhooks: { allow: [127.0.0.1] }' })
  const about = {
    ...{ grants: ['client_credentials'], permissions: ['transaction.read'], auth_method: 'private_key_jwt' },
    jwks_uri: uri,
  }
  const made = await program.makeClient(about)
  const by = async (auth: client.ClientAuth) =>
    errorOf(client.clientCredentialsGrant(await discover(program, made, auth)))

  t.equal(await by(one.auth), 'none')
  t.equal(await by(one.auth), 'none')
  t.equal(asked, 1, 'kept')
  t.equal(await by(two.auth), 'invalid_client', 'it has not published that one')
  const before = asked
  t.equal(await by(two.auth), 'invalid_client')
  t.equal(asked, before, 'whoever makes keys up has nothing asked')
  published = JSON.stringify({ keys: [two.jwk] })

  await t.test('is shown with where, and may publish elsewhere', async (t) => {
    t.match(await program.call('GET', `/clients/${made.id}`), { body: { jwks_uri: uri, jwks: null } })
    const patched = await program.call('PATCH', `/clients/${made.id}`, { jwks_uri: `${uri}?2` })
    t.match(patched, { status: 200, body: { jwks_uri: `${uri}?2` } })
    t.equal(await by(two.auth), 'none', 'a rotated key')
    t.equal(await by(one.auth), 'invalid_client', 'and the one before is none')
    const inline = await program.call('PATCH', `/clients/${made.id}`, { jwks: { keys: [one.jwk] } })
    t.match(inline, { status: 200, body: { jwks_uri: null, jwks: { keys: [{ kid: 'one' }] } } })
    t.equal(await by(one.auth), 'none')
  })

  await t.test('not from where webhooks may not go, and not beside keys', async (t) => {
    const base = { name: 'a', merchant_id: program.merchant }
    for (const more of [
      { jwks_uri: 'https://10.0.0.1/jwks' },
      { jwks_uri: 'ftp://books.example/jwks' },
      { jwks: { keys: [one.jwk] } },
      { auth_method: 'client_secret' },
    ].map((one) => ({ ...base, ...about, ...one })))
      t.equal((await program.call('POST', '/clients', more)).status, 422, JSON.stringify(more))
  })

  await t.test('where there are none, it is nobody', async (t) => {
    published = 'x'.repeat(100_000)
    const other = await program.makeClient({ ...about, jwks_uri: `${uri}?3` })
    const config = await discover(program, other, one.auth)
    t.match(await errorOf(client.clientCredentialsGrant(config)), /^invalid_client/)
  })
})

void t.test('keys that are published', async (t) => {
  const { jwk } = await newKey('one')
  const { jwk: other } = await newKey('two')
  const state = { nowMs: 0, asked: 0, body: undefined as string | undefined }
  const sets = createClientKeySets({
    fetch: async () => {
      state.asked++
      return state.body
    },
    monotonicNow: () => state.nowMs,
  })
  const kids = async (kid?: string) =>
    (await sets.of('https://books.example/', kid))?.map((key) => String(Object(key).kid))

  state.body = JSON.stringify({
    keys: [jwk, { ...jwk, kid: 'private', d: 'x' }, null, 'x', { kty: 'oct', k: 'x' }],
  })
  t.same(await Promise.all([kids('one'), kids('one')]), [['one'], ['one']], 'public ones alone')
  t.equal(state.asked, 1, 'once for all that wait')
  state.body = JSON.stringify({ keys: [jwk, other] })
  state.nowMs = 9_000
  t.same(await kids('two'), ['one'], 'not so soon')
  state.nowMs = 11_000
  t.same(await kids('two'), ['one', 'two'], 'a key that came')
  t.equal(state.asked, 2)

  state.body = undefined
  state.nowMs = 11_000 + 5 * 60_000
  t.same(await kids('one'), ['one', 'two'], 'while they are not to be had')
  t.equal(state.asked, 3)
  state.nowMs = 11_000 + 60 * 60_000
  t.same(await kids('one'), undefined, 'not for ever')
})
