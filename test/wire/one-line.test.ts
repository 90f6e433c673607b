// One request: one line in the access log, one count in the metrics, one use in the activity, one id; however it ends,
// and with the name of who ended it.

import { once } from 'node:events'
import { writeFile } from 'node:fs/promises'
import { connect, type Socket } from 'node:net'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import t from 'tap'
import { reasons } from '../../src/errors/reasons.ts'
import { lineFields } from '../../src/gateway/record/line-fields.ts'
import { readLog } from '../../src/tables/replay/read-log.ts'
import { createPostgres } from '../../src/store/postgres.ts'
import { createEmptyDatabase } from '../support/database.ts'
import { host, type KeyedProgram, startKeyedProgram } from '../support/keyed-program.ts'
import { startTestProgram, type TestProgram } from '../support/program.ts'
import { kindLimits, kinds, kindsAnswer, makeKindKeys, wordsOf } from '../support/request-kinds.ts'
import { countsOf } from '../support/request-sums.ts'
import { startTcpProxy } from '../support/tcp-proxy.ts'
import { plainAnswer } from '../support/upstream.ts'
import { request } from '../support/wire.ts'

t.setTimeout(240_000)

type Logged = Pick<TestProgram, 'log' | 'controlPort'>

const linesOf = ({ log }: Logged) => log.filter(({ msg }) => msg === 'request')

const counted = ({ controlPort }: Logged, labels = '') => countsOf(controlPort, labels)

/** Waits until there are so many lines, some seconds at most. */
async function until(program: Logged, lines: number): Promise<void> {
  for (let i = 0; i < 500 && linesOf(program).length < lines; i++) await sleep(20)
}

/** Sends, and leaves its end to others. */
async function open({ gatewayPort }: TestProgram, bytes: string): Promise<Socket> {
  const socket = connect(gatewayPort, '127.0.0.1')
  socket.on('error', () => {}).resume()
  socket.write(bytes)
  await once(socket, 'connect')
  return socket
}

const silent = ({ auth }: KeyedProgram) => request('GET /v1/transactions/silent', [host, auth])

t.test('each kind of request leaves what it has to, and nothing else', async (t) => {
  const program = await startTestProgram(t, { gateway: kindLimits, answer: kindsAnswer })
  const keys = await makeKindKeys(program.admin)
  await program.sandbox.close()
  let lines = 0
  let uses = 0
  for (const kind of kinds) {
    await kind.send(program.gatewayPort, keys)
    await until(program, lines + kind.lines.length)
    const left = linesOf(program).slice(lines)
    t.same(left.map(wordsOf).toSorted(), [...kind.lines].toSorted(), kind.name)
    lines += left.length
    uses += kind.uses
  }
  // What comes late would be one too many.
  await sleep(2_000)
  t.equal(linesOf(program).length, lines)
  t.equal(new Set(linesOf(program).map((line) => line['request_id'])).size, lines, 'an id each')
  t.equal(await counted(program), lines)
  for (const line of linesOf(program)) {
    t.same(
      Object.keys(line).filter((field) => !Object.hasOwn(lineFields, field)),
      [],
    )
    const { code, reason } = line
    const isKnown = typeof code === 'string' && Object.hasOwn(Object(reasons)[code], String(reason))
    t.ok(code === undefined || isKnown, JSON.stringify(line))
  }
  for (const by of ['client', 'upstream', 'timeout']) {
    const cut = linesOf(program).filter((line) => line['cut'] === by).length
    t.ok(cut > 0)
    t.equal(await counted(program, `cut="${by}"`), cut)
  }
  await program.stop()
  const db = createPostgres({ url: program.databaseUrl, applicationName: 'latchkey-test' })
  t.teardown(() => db.close())
  const [stored] = await db.query<{ sum: number }>('SELECT sum(count)::int AS sum FROM activity')
  t.equal(stored?.sum, uses)
})

t.test('the answer has the id of the line, be it that its body broke off', async (t) => {
  const program = await startKeyedProgram(t, {
    answer: ({ method }) => (method === 'GET' ? plainAnswer : undefined),
  })
  // From here on the key is in memory.
  await program.send('GET /v1/transactions/1')
  const upload = request('POST /v1/upload', [host, program.auth, 'Transfer-Encoding: chunked'])
  const answer = await program.raw([`${upload}3\r\nabc\r\n`, 'no size\r\n'], 1_000)
  t.equal(answer.status, 400)
  await until(program, 2)
  const broken = linesOf(program).slice(1)
  t.match(broken, [
    { status: 400, code: 'BAD_REQUEST', cut: 'client', key_id: program.key.id, route: 'POST /v1/upload' },
  ])
  t.ok(answer.head.includes(`X-Request-Id: ${String(broken[0]?.['request_id'])}\r\n`))
})

t.test(
  'what is over before it is decided is neither allowed nor denied, and no replay counts it',
  async (t) => {
    const database = await createEmptyDatabase(t)
    const proxy = await startTcpProxy([Number(new URL(database.url).port || 5432)])
    t.teardown(() => proxy.close())
    const url = new URL(database.url)
    url.port = String(proxy.port)
    url.hostname = '127.0.0.1'
    const program = await startKeyedProgram(t, { databaseUrl: url.href, redis: 'none' })
    await proxy.set('slow')
    for (let i = 0; i < 3; i++) {
      const socket = await open(program, request('GET /v1/transactions/1', [host, program.auth]))
      await sleep(20)
      socket.destroy()
    }
    await until(program, 3)
    // The look-up comes to its end, and nothing comes of it.
    await sleep(500)
    const lines = linesOf(program)
    t.equal(lines.length, 3)
    for (const line of lines)
      t.match(line, { decision: 'none', status: 0, cut: 'client', route: 'GET /v1/transactions/{id}' })
    t.equal(await counted(program, 'decision="none"'), 3)
    t.same(program.live.requests, [])
    const file = join(t.testdir({}), 'access.log')
    await writeFile(file, lines.map((line) => `${JSON.stringify(line)}\n`).join(''))
    t.same(await readLog(file), { recorded: [], skipped: 3 })
  },
)

t.test('who waits for a connection and leaves was let through, and is cut by nobody else', async (t) => {
  const program = await startKeyedProgram(t, { answer: () => undefined, upstream: ', connections: 1' })
  const first = await open(program, silent(program))
  while (program.live.requests.length === 0) await sleep(5)
  const second = await open(program, silent(program))
  await sleep(100)
  second.destroy()
  await until(program, 1)
  const [line] = linesOf(program)
  t.match(line, { decision: 'allow', status: 0, cut: 'client' })
  t.equal(line?.['upstream_ms'], undefined)
  first.destroy()
  await until(program, 2)
  t.equal(await counted(program), 2)
})

t.test('who is turned away for want of room is not cut', async (t) => {
  const program = await startKeyedProgram(t, {
    answer: () => undefined,
    gateway: ', limits: { in_flight: 2 }',
  })
  const first = await open(program, silent(program))
  while (program.live.requests.length === 0) await sleep(5)
  t.equal((await program.send('GET /v1/transactions/1')).status, 503)
  await until(program, 1)
  t.match(linesOf(program), [{ status: 503, code: 'OVERLOADED', decision: 'deny', cut: undefined }])
  first.destroy()
  await until(program, 2)
  t.equal(await counted(program), 2)
})

t.test('what the end of a drain cuts is cut by the gateway', async (t) => {
  const program = await startKeyedProgram(t, { answer: () => undefined })
  const socket = await open(program, silent(program))
  while (program.live.requests.length === 0) await sleep(5)
  await program.stop()
  t.match(linesOf(program), [{ status: 0, decision: 'allow', cut: 'gateway' }])
  socket.destroy()
})
