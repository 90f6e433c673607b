// The line of a request answers who asks why it was refused, and holds no secret.

import { appendFile } from 'node:fs/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import t from 'tap'
import { sampleKey } from '../../src/credentials/secret.ts'
import { host, startKeyedProgram } from '../support/keyed-program.ts'
import { prepareTestProgram, startPrepared, type TestProgram } from '../support/program.ts'
import { exchange, request } from '../support/wire.ts'

const linesOf = ({ log }: TestProgram) => log.filter(({ msg }) => msg === 'request')

/** Waits until it is so, some seconds at most. */
async function until(isSo: () => boolean): Promise<void> {
  for (let i = 0; i < 500 && !isSo(); i++) await sleep(20)
}

/** The line of one request that is sent now. */
async function lineOf(program: TestProgram, bytes: string): Promise<Record<string, unknown>> {
  const before = linesOf(program).length
  await exchange(program.gatewayPort, bytes)
  await until(() => linesOf(program).length > before)
  return linesOf(program)[before] ?? {}
}

t.test('a line names what its reason alone does not tell', async (t) => {
  const program = await startKeyedProgram(t)
  const { auth } = program
  const line = (start: string, fields: readonly string[] = [host, auth]) =>
    lineOf(program, request(start, fields))

  t.match(await line('GET /v1/transactions/1'), {
    ...{ method: 'GET', decision: 'allow', upstream: 'payments', status: 200 },
    ...{ host: undefined, path: undefined, key_hint: undefined, trace_id: undefined },
  })
  t.match(await line('POST /v1/nothing/here?token=s3cret'), {
    ...{ method: 'POST', code: 'ROUTE_NOT_FOUND', api: 'flintn', path: '/v1/nothing/here' },
    ...{ host: undefined, upstream: undefined },
  })
  t.match(await line('PUT /v1/status'), { method: 'PUT', code: 'METHOD_NOT_ALLOWED', path: '/v1/status' })
  t.match(await line('GET /v1/a//b'), { code: 'INVALID_PATH', path: '/v1/a//b', host: 'api.flintn.com' })
  t.match(await line('GET /v1/status', ['Host: api.flintn.example:8443']), {
    ...{ code: 'UNKNOWN_HOST', host: 'api.flintn.example:8443', path: '/v1/status' },
  })
  const trace = '4bf92f3577b34da6a3ce929d0e0e4736'
  const traced = [host, auth, `traceparent: 00-${trace}-00f067aa0ba902b7-01`]
  t.match(await line('GET /v1/transactions/1', traced), { trace_id: trace })
})

t.test('a refused key of the right form is told by its ends, others not at all', async (t) => {
  const program = await startKeyedProgram(t)
  const line = (key: string) =>
    lineOf(program, request('GET /v1/transactions/1', [host, `X-Api-Key: ${key}`]))
  const unknown = sampleKey('pk_live_')
  const hint = (key: string) => `pk_live_...${key.slice(-4)}`
  t.match(await line(unknown), { reason: 'unknown', key_hint: hint(unknown) })
  const { secret, id } = program.key
  await program.admin.call('POST', `/keys/${id}/disable?wait=all`)
  t.match(await line(secret), { reason: 'disabled', key_hint: hint(secret), key_id: id })
  t.match(await line(sampleKey('pk_test_')), { code: 'WRONG_ENVIRONMENT', key_hint: /^pk_test_\.\.\.\w{4}$/ })
  t.match(await line(`${secret}x`), { reason: 'malformed', key_hint: undefined })
  const text = JSON.stringify(program.log)
  for (const key of [unknown, secret]) t.notOk(text.includes(key.slice(8, -4)))
})

t.test('bytes are those of the answer’s body, whoever gave it', async (t) => {
  const program = await startKeyedProgram(t, {
    answer: ({ target }) => {
      const large = 'x'.repeat(200_000)
      if (target.endsWith('/chunked'))
        return `HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n`
      if (target.endsWith('/large')) return `HTTP/1.1 200 OK\r\nContent-Length: 200000\r\n\r\n${large}`
      return 'HTTP/1.1 204 No Content\r\n\r\n'
    },
  })
  const { auth } = program
  const bytesOf = async (start: string) => (await lineOf(program, request(start, [host, auth])))['bytes']
  t.equal(await bytesOf('GET /v1/transactions/chunked'), 5)
  t.equal(await bytesOf('GET /v1/transactions/large'), 200_000)
  t.equal(await bytesOf('GET /v1/transactions/none'), 0)
  t.equal(await bytesOf('HEAD /v1/nothing'), 0)
  const refused = await program.send('GET /v1/nothing')
  await until(() => linesOf(program).length === 5)
  t.equal(linesOf(program)[4]?.['bytes'], refused.body.length)
})

t.test('no key in a target, a host or a header comes into the log', async (t) => {
  const program = await startKeyedProgram(t, { sections: 'log: { paths: all }' })
  const { secret } = program.key
  const inner = secret.slice(8, -4)
  const escaped = encodeURIComponent(secret).replace('pk_live_', 'pk%5flive%5f')
  const targets = [
    ...[`/v1/nothing?key=${secret}`, `/v1/transactions/1?key=${secret}`, `/v1/transactions/${secret}`],
    ...[
      `/v1/${secret}/x`,
      `/v1/${escaped}`,
      `/v1/x%3fkey=${secret}`,
      `/v1/x;key=${secret}`,
      `/v1//${secret}`,
    ],
    ...[`/v1/x#${secret}`, `http://other.example/${secret}`],
  ]
  for (const target of targets)
    await exchange(program.gatewayPort, request(`GET ${target}`, [host, program.auth]))
  const others = [`Host: ${secret}.example`, `Host: ${secret}`]
  for (const other of others) await exchange(program.gatewayPort, request('GET /v1/status', [other]))
  const more = ['Authorization: Basic x', 'Authorization: ', 'X-Token: ', 'Cookie: key=', 'traceparent: ']
  for (const field of more)
    await exchange(program.gatewayPort, request('GET /v1/nothing', [host, `${field}${secret}`]))
  await until(() => linesOf(program).length >= targets.length + others.length + more.length)
  t.equal(linesOf(program).length, targets.length + others.length + more.length)
  t.equal(linesOf(program).filter((line) => JSON.stringify(line).includes(inner)).length, 0)
  t.ok(linesOf(program).some(({ path }) => path === '/v1/transactions/pk_live_***'))
})

t.test('no path is told where the file says so', async (t) => {
  const program = await startKeyedProgram(t, { sections: 'log: { paths: none }' })
  for (const target of ['/v1/nothing', '/v1/transactions/secret-id', '/v1//x'])
    await exchange(program.gatewayPort, request(`GET ${target}`, [host, program.auth]))
  await until(() => linesOf(program).length >= 3)
  t.same(
    linesOf(program).map((line) => Object.hasOwn(line, 'path')),
    [false, false, false],
  )
  t.notMatch(JSON.stringify(linesOf(program)), /nothing|secret-id/)
})

t.test('which paths are told changes with the file', async (t) => {
  const prepared = await prepareTestProgram(t)
  const program = await startPrepared(t, prepared)
  const asked = request('GET /v1/status', [host])
  t.equal((await lineOf(program, asked))['path'], undefined)
  await appendFile(prepared.file, 'log: { paths: all }\n')
  await until(() => program.log.some(({ msg }) => msg === 'Configuration in force'))
  t.equal((await lineOf(program, asked))['path'], '/v1/status')
  t.notOk(program.log.some(({ msg }) => msg === 'These settings take effect after a restart'))
})

t.test('what no upstream answers is an error, what its client spoilt a refusal', async (t) => {
  const program = await startKeyedProgram(t)
  await program.live.close()
  const failed = await lineOf(program, request('GET /v1/transactions/1', [host, program.auth]))
  t.match(failed, { decision: 'error', code: 'UPSTREAM_ERROR', reason: 'refused', upstream: 'payments' })
  t.equal(failed['key_hint'], undefined)
  const chunked = request('POST /v1/small', [host, program.auth, 'Transfer-Encoding: chunked'])
  const large = `${chunked}800\r\n${'x'.repeat(2_048)}\r\n0\r\n\r\n`
  t.match(await lineOf(program, large), { decision: 'deny', code: 'BODY_TOO_LARGE' })
})
