// Contract 2.
// How a process ends when it is told to.

import { once } from 'node:events'
import { connect } from 'node:net'
import { text } from 'node:stream/consumers'
import t from 'tap'
import { createEmptyDatabase } from '../support/database.ts'
import { startUpstream } from '../support/upstream.ts'
import { exchange, request } from '../support/wire.ts'
import {
  latchkey,
  type Ports,
  probe,
  type Running,
  secrets,
  until,
  untilReady,
  writeConfig,
} from './process.ts'

t.setTimeout(300_000)

type Test = Pick<typeof t, 'teardown'>

interface Subject extends Ports {
  readonly running: Running
  /** A request that the upstream has and does not answer before it is told to. */
  readonly response: ReturnType<typeof exchange>
  answer(): void
  instances(): Promise<object[]>
}

async function processWithRequest(t: Test): Promise<Subject> {
  const { url, db } = await createEmptyDatabase(t)
  let answer: (() => void) | undefined
  const upstream = await startUpstream((_, socket) => {
    answer = () => void socket.write('HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\ndone')
    return undefined
  })
  t.teardown(() => upstream.close())
  const running = latchkey(
    t,
    ['start', '--config', await writeConfig(t, { postgres: url, upstream: upstream.url })],
    secrets,
  )
  const ports = await untilReady(running)
  const response = exchange(ports.gateway, request('GET /v1/open', ['Host: api.example.com']), 30_000)
  await until(() => answer !== undefined)
  return {
    ...ports,
    running,
    response,
    answer: () => answer?.(),
    instances: () => db.query('SELECT id FROM instance WHERE signed_off_at IS NULL'),
  }
}

for (const signal of ['SIGTERM', 'SIGINT'] as const) {
  t.test(`${signal}: the request under way is finished, then the process ends with 0`, async (t) => {
    const { running, response, answer, control, gateway, instances } = await processWithRequest(t)
    t.equal((await instances()).length, 1)
    running.child.kill(signal)
    await until(async () => (await probe(control)).status === 503)
    t.equal(running.child.exitCode, null, 'it waits')
    await t.rejects(
      exchange(gateway, request('GET /v1/open', ['Host: api.example.com'])),
      'new ones are not taken',
    )
    answer()
    t.match(await response, { status: 200, body: 'done' })
    t.same(await running.ended, { code: 0, signal: null })
    t.same(await instances(), [], 'nobody waits for it any more')
    t.match(running.stdout(), /"msg":"stopped"\}\n$/, 'the log is whole')
  })
}

t.test('a second signal ends it at once', async (t) => {
  const { running, response, control } = await processWithRequest(t)
  running.child.kill('SIGTERM')
  await until(async () => (await probe(control)).status === 503)
  running.child.kill('SIGTERM')
  t.same(await running.ended, { code: 1, signal: null })
  t.equal((await response).status, 0, 'the request was cut')
})

t.test('an idle client does not hold it up', async (t) => {
  const { running, response, answer, gateway } = await processWithRequest(t)
  answer()
  await response
  const idle = connect(gateway, '127.0.0.1')
  const heard = text(idle)
  await once(idle, 'connect')
  running.child.kill('SIGTERM')
  t.same(await running.ended, { code: 0, signal: null })
  t.equal(await heard, '', 'it was let go, not waited for until its time for a request was over')
  t.notMatch(running.stdout(), 'are cut')
})
