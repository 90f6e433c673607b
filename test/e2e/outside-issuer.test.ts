// Contract 10.3: signed tokens of an outside issuer, beside keys and access tokens, on whole programs with an issuer of the test's own.

import { createHash, createHmac } from 'node:crypto'
import { readFile, writeFile } from 'node:fs/promises'
import t from 'tap'
import { createPostgres } from '../../src/store/postgres.ts'
import { issueToken, makeProof, proofKey } from '../support/access-token.ts'
import { prepareTestProgram, startPrepared, startTestProgram, type TestProgram } from '../support/program.ts'
import { newSigningKey, signed, type SigningKey, startTokenIssuer } from '../support/token-issuer.ts'
import { until } from '../support/until.ts'
import { valuesOf } from '../support/upstream.ts'
import { codeOf, exchange, fieldOf, request } from '../support/wire.ts'

t.setTimeout(120_000)

const audience = 'https://api.flintn.com'
const key = await newSigningKey('one')

const sectionFor = (issuer: string, more = '') =>
  `    jwt: { issuer: "${issuer}", audience: "${audience}", merchant_claim: merchant, environment_claim: env${more} }`

interface Asking {
  readonly host?: string
  readonly line?: string
  readonly scheme?: string
  readonly fields?: readonly string[]
}

/** Asks with a token. */
function ask({ gatewayPort }: TestProgram, token: string, asking: Asking = {}) {
  const { host = 'api.flintn.com', line = 'GET /v1/transactions/1', scheme = 'Bearer', fields = [] } = asking
  const all = [`Host: ${host}`, `Authorization: ${scheme} ${token}`, ...fields]
  return exchange(gatewayPort, request(line, all))
}

/** Signs what is right, but for what is said. */
function signerFor(issuer: string, merchant: string) {
  return (change: Readonly<Record<string, unknown>> = {}, by: SigningKey = key, header: object = {}) => {
    const now = Math.floor(Date.now() / 1_000)
    const claims = {
      iss: issuer,
      aud: audience,
      sub: 'ada@people.test',
      client_id: 'books',
      merchant,
      env: 'live',
    }
    return signed(
      by,
      { ...claims, scope: 'transaction.read other *', iat: now, exp: now + 300, ...change },
      { ...header },
    )
  }
}

const lastLine = (program: TestProgram) => program.log.findLast((line) => line['msg'] === 'request')
const shortHash = (text: string) => createHash('sha256').update(text).digest('hex').slice(0, 32)

void t.test('an API that takes tokens of an outside issuer', async (t) => {
  const issuer = await startTokenIssuer(t)
  issuer.publish(key)
  const program = await startTestProgram(t, { api: `    oauth: {}\n${sectionFor(issuer.url)}` })
  const merchant = await program.admin.makeMerchant()
  const sign = signerFor(issuer.url, merchant)
  const outsideKey = merchant.replace('mer_', 'jwt_')

  await t.test('one that is right is let through, with who it is for', async (t) => {
    const asked = issuer.asked.length
    const token = await sign()
    t.equal((await ask(program, token)).status, 200)
    const sent = program.live.requests.at(-1)
    t.same(valuesOf(sent, 'x-merchant-id'), [merchant])
    t.same(valuesOf(sent, 'x-permissions'), ['transaction.read'])
    t.same(valuesOf(sent, 'x-key-id'), [outsideKey])
    t.same(valuesOf(sent, 'x-environment'), ['live'])
    t.same(valuesOf(sent, 'x-user-id'), ['ada@people.test'])
    t.same(valuesOf(sent, 'x-client-id'), ['books'])
    t.same(valuesOf(sent, 'authorization'), [])
    t.equal(codeOf(await ask(program, token, { line: 'GET /v1/transactions' })), 'INSUFFICIENT_PERMISSIONS')
    t.equal(issuer.asked.length, asked, 'nobody waits for the issuer')
    await until(() => lastLine(program)?.['code'] === 'INSUFFICIENT_PERMISSIONS', 'the line')
    t.match(lastLine(program), {
      issuer: issuer.url,
      key_id: outsideKey,
      token_id: /^jti_/,
      subject: /^sub_/,
    })
    const log = JSON.stringify(program.log)
    t.notOk(
      log.includes('ada@') || log.includes(token.split('.')[1] ?? ''),
      'the log has neither person nor token',
    )
    t.equal((await ask(program, await sign({ sub: undefined, client_id: undefined }))).status, 200)
    t.same(valuesOf(program.live.requests.at(-1), 'x-user-id'), [])
  })

  await t.test('what is wrong with one is told to the log alone', async (t) => {
    const other = await newSigningKey('one')
    const secret = JSON.stringify(key.jwk)
    const parts = [
      { alg: 'HS256', kid: 'one' },
      { iss: issuer.url, aud: audience, merchant, env: 'live', exp: 4e9 },
    ]
    const text = parts.map((part) => Buffer.from(JSON.stringify(part)).toString('base64url')).join('.')
    const now = Math.floor(Date.now() / 1_000)
    const cases: Record<string, string> = {
      jwt_audience: await sign({ aud: 'books' }),
      jwt_issuer: await sign({ iss: 'https://evil.test' }),
      jwt_expired: await sign({ exp: now - 60 }),
      jwt_not_yet: await sign({ nbf: now + 60 }),
      jwt_too_long: await sign({ exp: now + 86_400 * 2 }),
      jwt_signature: await sign({}, other),
      jwt_key_unknown: await sign({}, other, { kid: 'two' }),
      jwt_algorithm: `${text}.${createHmac('sha256', secret).update(text).digest('base64url')}`,
      jwt_malformed: await sign({ large: 'x'.repeat(17_000) }),
      jwt_merchant: await sign({ merchant: 'mer_00000000000000000000000000' }),
      jwt_environment: await sign({ env: 'other' }),
      jwt_type: await sign({}, key, { typ: 'logout+jwt' }),
    }
    const bodies = new Set<string>()
    for (const [reason, token] of Object.entries(cases)) {
      const answer = await ask(program, token)
      t.equal(codeOf(answer), 'INVALID_API_KEY', reason)
      await until(() => lastLine(program)?.['reason'] === reason, reason)
      if (reason !== 'jwt_malformed') bodies.add(answer.body.replace(/req_\w+/, ''))
    }
    t.equal(bodies.size, 1, 'all are answered alike')
    t.equal(codeOf(await ask(program, await sign({ env: 'sandbox' }))), 'WRONG_ENVIRONMENT')
    const sandbox = { host: 'sandbox.api.flintn.com' }
    t.equal((await ask(program, await sign({ env: 'sandbox' }), sandbox)).status, 200)
    const flint = { host: 'api.flint.com', line: 'GET /documents' }
    t.equal(codeOf(await ask(program, await sign(), flint)), 'INVALID_API_KEY', 'another API takes none')
  })

  await t.test('keys and access tokens work beside them', async (t) => {
    const made = await program.admin.makeKey(merchant)
    const asKey = request('GET /v1/transactions/1', ['Host: api.flintn.com', `X-Api-Key: ${made.secret}`])
    t.equal((await exchange(program.gatewayPort, asKey)).status, 200)
    t.equal((await ask(program, made.secret)).status, 200)
    const db = createPostgres({ url: program.databaseUrl, applicationName: 'test' })
    const token = await issueToken(db, merchant)
    await db.close()
    t.equal((await ask(program, token.text)).status, 200)
    const both = { fields: [`X-Api-Key: ${made.secret}`] }
    t.equal(codeOf(await ask(program, await sign(), both)), 'INVALID_API_KEY', 'one at a time')
  })

  await t.test('one that is bound to a key needs its proof', async (t) => {
    const holder = proofKey()
    const token = await sign({ cnf: { jkt: holder.jkt } })
    t.equal(codeOf(await ask(program, token)), 'INVALID_API_KEY')
    const htu = 'http://api.flintn.com/v1/transactions/1'
    const proven = { scheme: 'DPoP', fields: [`DPoP: ${makeProof(holder, { token, htu })}`] }
    t.equal((await ask(program, token, proven)).status, 200)
    t.equal(codeOf(await ask(program, token, proven)), 'INVALID_API_KEY', 'a proof is good once')
    t.equal(
      codeOf(await ask(program, await sign(), proven)),
      'INVALID_API_KEY',
      'what is not bound needs none',
    )
  })

  await t.test('the emergency stop ends one, all of somebody, of a merchant, or of the issuer', async (t) => {
    const token = await sign({ jti: 'j1' })
    for (const id of [
      `jti_${shortHash(`${issuer.url} j1`)}`,
      `sub_${shortHash(`${issuer.url} ada@people.test`)}`,
      `iss_${shortHash(issuer.url)}`,
      outsideKey,
    ]) {
      t.equal((await ask(program, token)).status, 200, id)
      const put = await program.admin.call('POST', '/deny?wait=all', { kind: 'key', value: id })
      t.equal(put.status, 201, JSON.stringify(put.body))
      t.equal(codeOf(await ask(program, token)), 'INVALID_API_KEY', id)
      t.equal((await ask(program, await sign({ jti: 'j2' }))).status, id.startsWith('jti_') ? 200 : 401, id)
      await program.admin.call('DELETE', '/deny?wait=all', { kind: 'key', value: id })
    }
  })
})

void t.test('a suspended merchant is dead on every instance when the answer comes', async (t) => {
  const issuer = await startTokenIssuer(t)
  issuer.publish(key)
  const api = sectionFor(issuer.url)
  const one = await startTestProgram(t, { api })
  const two = await startTestProgram(t, { api, databaseUrl: one.databaseUrl })
  const merchant = await one.admin.makeMerchant()
  const token = await signerFor(issuer.url, merchant)()
  for (const program of [one, two, one, two]) t.equal((await ask(program, token)).status, 200)
  for (let round = 0; round < 3; round++) {
    const ended = await one.admin.call('POST', `/merchants/${merchant}/suspend?wait=all`)
    t.match(ended, { status: 200, body: { pending: [] } })
    for (const program of [one, two]) t.equal(codeOf(await ask(program, token)), 'INVALID_API_KEY')
    await one.admin.call('POST', `/merchants/${merchant}/resume?wait=all`)
    for (const program of [one, two]) t.equal((await ask(program, token)).status, 200)
  }
  // What it has counted is stored as it ends.
  await two.stop()
  const outsideKey = merchant.replace('mer_', 'jwt_')
  const listed = async (query: string) => (await one.admin.call('GET', `/activity?${query}`)).body['data']
  t.match(await listed(`by=key&merchant_id=${merchant}`), [{ key_id: outsideKey, allowed: 5 }])
  t.match(await listed('by=merchant'), [{ merchant_id: merchant, allowed: 5 }])
  t.match(await listed(`by=outcome&key_id=${outsideKey}`), [{ outcome: 'allow' }, {}])
  t.same(await listed(`by=key&merchant_id=${await one.admin.makeMerchant()}`), [])
})

void t.test('an issuer that is away at the start holds up its own tokens alone', async (t) => {
  const issuer = await startTokenIssuer(t)
  issuer.publish(key)
  await issuer.leave()
  const program = await startTestProgram(t, { api: sectionFor(issuer.url) })
  const merchant = await program.admin.makeMerchant()
  const token = await signerFor(issuer.url, merchant)()
  const answer = await ask(program, token)
  t.equal(codeOf(answer), 'AUTH_UNAVAILABLE')
  t.match(fieldOf(answer, 'retry-after'), /^\d+$/)
  t.ok(
    program.log.some((line) => line['issuer'] === issuer.url && line['level'] === 'warn'),
    'it is told',
  )
  const made = await program.admin.makeKey(merchant)
  t.equal((await ask(program, made.secret)).status, 200)
  await issuer.comeBack()
  await until(async () => (await ask(program, token)).status === 200, 'the keys of the issuer')
  await issuer.leave()
  t.equal(
    (await ask(program, await signerFor(issuer.url, merchant)({ jti: 'x' }))).status,
    200,
    'it is not asked',
  )
})

void t.test('another configuration is in force at once', async (t) => {
  const [issuer, next] = [await startTokenIssuer(t), await startTokenIssuer(t)]
  issuer.publish(key)
  next.publish(key)
  const prepared = await prepareTestProgram(t, { api: sectionFor(issuer.url) })
  const program = await startPrepared(t, prepared)
  const merchant = await program.admin.makeMerchant()
  const [first, second] = [await signerFor(issuer.url, merchant)(), await signerFor(next.url, merchant)()]
  t.equal((await ask(program, first)).status, 200)
  t.equal(codeOf(await ask(program, second)), 'INVALID_API_KEY')
  const text = await readFile(prepared.file, 'utf8')
  await writeFile(prepared.file, text.replace(issuer.url, next.url))
  await program.program.reload()
  await until(async () => (await ask(program, second)).status === 200, 'the other issuer')
  t.equal(codeOf(await ask(program, first)), 'INVALID_API_KEY')
  await writeFile(prepared.file, text.replace(sectionFor(issuer.url), ''))
  await program.program.reload()
  t.not((await ask(program, second)).status, 200)
})

void t.test(
  'an issuer that changes its keys',
  { skip: process.env['LATCHKEY_TEST_LONG'] !== '1' },
  async (t) => {
    const issuer = await startTokenIssuer(t)
    issuer.publish(key)
    const program = await startTestProgram(t, { api: sectionFor(issuer.url) })
    const sign = signerFor(issuer.url, await program.admin.makeMerchant())
    const before = await sign()
    t.equal((await ask(program, before)).status, 200)
    await new Promise((resolve) => setTimeout(resolve, 10_500))
    const two = await newSigningKey('two')
    issuer.publish(two)
    t.equal(codeOf(await ask(program, await sign({}, two))), 'AUTH_UNAVAILABLE', 'nobody waits for it')
    await until(async () => (await ask(program, await sign({}, two))).status === 200, 'the new key')
    t.equal(codeOf(await ask(program, before)), 'INVALID_API_KEY', 'the old one is over')
  },
)
