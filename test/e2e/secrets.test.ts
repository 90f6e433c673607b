// Where secrets go: nowhere. A run in which keys and tokens are used rightly and wrongly in every place, and then a
// search for each of them in all that the program wrote, said and stored. Only digests may be there.

import { hash } from 'node:crypto'
import { Redis } from 'ioredis'
import t from 'tap'
import { createPostgres, type Postgres } from '../../src/store/postgres.ts'
import { createEmptyDatabase } from '../support/database.ts'
import { adminToken, cacheKey, startTestProgram, type TestProgram } from '../support/program.ts'
import { startRedis } from '../support/redis-service.ts'
import { exchange, request } from '../support/wire.ts'

t.setTimeout(120_000)

const strangeToken = 'a-token-that-nobody-gave-out-0123456789'
const host = 'Host: api.flintn.com'
const stranger = `pk_live_${'7'.repeat(38)}`

/** Every row of every table, as text. */
async function textOfPostgres(db: Postgres): Promise<string> {
  const tables = await db.query<{ name: string }>(
    `SELECT format('%I.%I', schemaname, tablename) AS name FROM pg_tables
     WHERE schemaname NOT IN ('pg_catalog', 'information_schema')`,
  )
  const texts: string[] = []
  for (const { name } of tables) {
    const rows = await db.query<{ text: string }>(`SELECT r::text AS text FROM ${name} r`)
    texts.push(`${name}:`, ...rows.map(({ text }) => text))
  }
  return texts.join('\n')
}

/** Every key of Redis with all that it holds, as text. */
async function textOfRedis(client: Redis): Promise<string> {
  const readers: Record<string, (key: string) => Promise<unknown>> = {
    string: (key) => client.get(key),
    hash: (key) => client.hgetall(key),
    list: (key) => client.lrange(key, 0, -1),
    set: (key) => client.smembers(key),
    zset: (key) => client.zrange(key, '0', '-1'),
    stream: (key) => client.xrange(key, '-', '+'),
  }
  const texts: string[] = []
  let cursor = '0'
  do {
    const [next, keys] = await client.scan(cursor, 'COUNT', '1000')
    for (const key of keys) {
      const read = readers[await client.type(key)]
      if (read === undefined) throw new Error(`cannot read ${key}`)
      texts.push(key, JSON.stringify(await read(key)))
    }
    cursor = next
  } while (cursor !== '0')
  return texts.join('\n')
}

/** The answers to requests that carry `secret` in every place in which somebody may put it. */
async function useEverywhere(program: TestProgram, secret: string): Promise<string[]> {
  const key = `X-Api-Key: ${secret}`
  const target = 'GET /v1/transactions/1'
  const sent = [
    request(target, [host, key]),
    request('POST /v1/transactions/1/refund', [host, key, 'Content-Length: 0']),
    request(target, [host, key, key]),
    request(target, [host, `Authorization: Bearer ${secret}`]),
    request('GET /documents', ['Host: api.flint.com', `Authorization: Bearer ${secret}`]),
    request('GET /documents', ['Host: api.flint.com', `Authorization: Basic ${secret}`]),
    request(target, [host, `X-Api-Key: ${secret}x`]),
    request(`${target}?key=${secret}`, [host]),
    request(`GET /v1/status?a=1&b=${secret.replace('_', '%5F')}`, [host, key]),
    request(`GET /v1/transactions/${secret}`, [host]),
    request(`GET /${secret}/%2e%2e/x`, [host, key]),
    request(target, ['Host: sandbox.api.flintn.com', key]),
    request(target, ['Host: unknown.example.com', key]),
    request(target, [`Host: ${secret}.example.com`, key]),
    request(target, [host, `X-${secret}: 1`, `Cookie: key=${secret}`]),
    request(target, [host, host, key]),
    request(target, [host, key, 'X-Fold: a\r\n b']),
    request(target, [host, `X-Bad\u0000: ${secret}`, key]),
    request(`${target} ${secret}`, [host]),
    `${secret}\r\n\r\n`,
    request(target, [host, key, `X-Long: ${'a'.repeat(60_000)}`]),
    request('POST /v1/small', [host, key, 'Content-Length: 5000', 'Expect: 100-continue']),
    request('POST /v1/upload', [host, key, 'Transfer-Encoding: chunked'], 'zz\r\n'),
    request('CONNECT api.flintn.com:443', [host, key]),
    request('PATCH /v1/status', [host, key, 'Accept: application/problem+json', `X-Request-Id: ${secret}`]),
  ]
  const answers: string[] = []
  for (const bytes of sent) answers.push((await exchange(program.gatewayPort, bytes, 100)).bytes)
  return answers
}

/** Admin calls with every kind of token and of body; the texts of those answers that give no secret out. */
async function callAdmin(program: TestProgram, secret: string): Promise<string[]> {
  const url = `http://127.0.0.1:${program.controlPort}`
  const tokens = [adminToken, strangeToken, `${adminToken}x`, secret, '']
  const calls: [string, string, string?][] = [
    ['GET', '/admin/v1/keys'],
    ['GET', `/admin/v1/keys?q=${secret.slice(-4)}`],
    ['GET', `/admin/v1/keys/${secret}`],
    ['GET', '/admin/v1/audit'],
    ['GET', '/admin/v1/instances'],
    ['POST', '/admin/v1/keys', `{"secret":"${secret}"`],
    ['POST', '/admin/v1/keys', `{"merchant_id":"${secret}","api":"${secret}"}`],
    ['POST', `/admin/v1/keys/${secret}/revoke`],
    ['GET', '/readyz'],
    ['GET', '/metrics'],
  ]
  const answers: string[] = []
  for (const token of tokens) {
    for (const [method, path, body = null] of calls) {
      const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' }
      const response = await fetch(`${url}${path}`, { method, headers, ...(method === 'POST' && { body }) })
      answers.push(await response.text())
    }
  }
  return answers
}

t.test('no secret is anywhere but in the answer that made it', async (t) => {
  const redis = await startRedis()
  t.teardown(() => redis.stop())
  const client = new Redis(redis.url)
  const listener = new Redis(redis.url)
  t.teardown(() => {
    client.disconnect()
    listener.disconnect()
  })
  const messages: string[] = []
  await listener.psubscribe('*')
  listener.on('pmessage', (_pattern: string, channel: string, text: string) => messages.push(channel, text))

  const { url } = await createEmptyDatabase(t)
  const db = createPostgres({ url, applicationName: 'test' })
  t.teardown(() => db.close())
  const program = await startTestProgram(t, { redis: redis.url, databaseUrl: url })
  const { admin } = program
  const merchant = await admin.makeMerchant()
  const live = await admin.makeKey(merchant)
  const sandbox = await admin.makeKey(merchant, { environment: 'sandbox' })
  const bearer = await admin.makeKey(merchant, { api: 'flint', permissions: ['*'] })
  const rotated = await admin.call('POST', `/keys/${live.id}/rotate?wait=all`, {})
  const revoked = await admin.makeKey(merchant)
  const keys = [live.secret, sandbox.secret, bearer.secret, String(rotated.body['secret']), revoked.secret]
  const answers: string[] = []
  for (const secret of [...keys, stranger]) {
    answers.push(...(await useEverywhere(program, secret)), ...(await callAdmin(program, secret)))
  }
  await admin.call('POST', `/keys/${revoked.id}/revoke?wait=all`)
  answers.push(...(await useEverywhere(program, revoked.secret)))
  const redisText = await textOfRedis(client)
  const seenByUpstreams = JSON.stringify([program.live.requests, program.sandbox.requests])
  // What is still in memory is written in the drain.
  await program.stop()
  const postgresText = await textOfPostgres(db)

  const places: Record<string, string> = {
    'the log': JSON.stringify(program.log),
    'the answers': answers.join('\n'),
    Redis: redisText,
    'messages through Redis': messages.join('\n'),
    Postgres: postgresText,
  }
  const secrets = [...keys, stranger, adminToken, strangeToken, cacheKey]
  for (const [place, text] of Object.entries(places)) {
    await t.test(`${place}: none`, (t) => {
      t.ok(text.length > 200, 'there is something to search')
      for (const [index, secret] of secrets.entries()) {
        // Without the prefix: that may stand anywhere.
        t.notOk(text.includes(secret.replace(/^[a-z]+_[a-z]+_/, '')), `secret ${index}`)
      }
      t.end()
    })
  }

  await t.test('what reaches an upstream: none that was used as a key', (t) => {
    const fields = [program.live, program.sandbox]
      .flatMap(({ requests }) => requests)
      .flatMap((seen) => seen.headers)
    const text = JSON.stringify(fields.filter(([name]) => !/^(?:cookie|x-pk_|x-flint_)/i.test(name)))
    t.ok(seenByUpstreams.length > 1_000)
    for (const [index, secret] of keys.entries()) t.notOk(text.includes(secret), `secret ${index}`)
    t.end()
  })

  await t.test('the search finds what is there: the digests', (t) => {
    for (const secret of keys) t.ok(postgresText.includes(hash('sha256', secret, 'hex')))
    t.ok(redisText.includes(hash('sha256', sandbox.secret, 'hex')))
    t.end()
  })
})
