// Issue 24: signed tokens of an outside issuer, beside keys, on a whole program with an issuer of the test's own.

import t from 'tap'
import { startTestProgram } from '../support/program.ts'
import { newSigningKey, signed, startTokenIssuer } from '../support/token-issuer.ts'
import { valuesOf } from '../support/upstream.ts'
import { codeOf, exchange, request } from '../support/wire.ts'

t.setTimeout(120_000)

const audience = 'https://api.flintn.com'

void t.test('an API that takes tokens of an outside issuer', async (t) => {
  const issuer = await startTokenIssuer(t)
  const key = await newSigningKey('one')
  issuer.publish(key)
  const program = await startTestProgram(t, {
    api: `    jwt: { issuer: "${issuer.url}", audience: "${audience}", merchant_claim: merchant, environment: live }`,
  })
  const merchant = await program.admin.makeMerchant()

  const now = () => Math.floor(Date.now() / 1_000)
  const right = () => ({
    ...{ iss: issuer.url, aud: audience, sub: 'ada', client_id: 'books', merchant },
    ...{ scope: 'transaction.read other', iat: now(), exp: now() + 300 },
  })
  const ask = (token: string, line = 'GET /v1/transactions/1', host = 'api.flintn.com') =>
    exchange(program.gatewayPort, request(line, [`Host: ${host}`, `Authorization: Bearer ${token}`]))

  await t.test('one that is right is let through, with who it is for', async (t) => {
    const answer = await ask(await signed(key, right()))
    t.equal(answer.status, 200, answer.body)
    const sent = program.live.requests.at(-1)
    t.same(valuesOf(sent, 'x-merchant-id'), [merchant])
    t.same(valuesOf(sent, 'x-permissions'), ['transaction.read'])
    t.same(valuesOf(sent, 'x-key-id'), [merchant.replace('mer_', 'jwt_')])
    t.same(valuesOf(sent, 'x-environment'), ['live'])
    t.same(valuesOf(sent, 'x-user-id'), ['ada'])
    t.same(valuesOf(sent, 'x-client-id'), ['books'])
    t.same(valuesOf(sent, 'authorization'), [])
  })

  await t.test('a suspended merchant is dead when the answer comes', async (t) => {
    const token = await signed(key, right())
    t.equal((await ask(token)).status, 200)
    await program.admin.call('POST', `/merchants/${merchant}/suspend?wait=all`)
    t.equal(codeOf(await ask(token)), 'INVALID_API_KEY')
    await program.admin.call('POST', `/merchants/${merchant}/resume?wait=all`)
    t.equal((await ask(token)).status, 200)
  })
})
