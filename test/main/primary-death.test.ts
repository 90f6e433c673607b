// The primary dies without a word: its workers answer what they have, say what was used, sign off, and go.

import { readFile } from 'node:fs/promises'
import t from 'tap'
import { createPostgres } from '../../src/store/postgres.ts'
import { exchange, request } from '../support/wire.ts'
import { type Fleet, freePort, lives, startFleet, until } from './fleet.ts'
import { latchkey, secrets, untilReady } from './process.ts'
import { adminClient } from '../support/admin.ts'
import { adminToken } from '../support/program.ts'

t.setTimeout(300_000)

const answersAfterMs = 1_500
const body = 'x'.repeat(20)

/** An upstream whose answers to `/v1/transactions/slow` come in two parts. */
const slowly = {
  answer: ({ target }: { target: string }, socket: { write(text: string): unknown }) => {
    if (!target.endsWith('/slow')) return 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok'
    socket.write('HTTP/1.1 200 OK\r\nContent-Length: 20\r\n\r\n')
    setTimeout(() => socket.write(body), answersAfterMs)
    return undefined
  },
}

/** Asks for what takes its time, on so many connections. */
function askSlowly({ port, secret }: Fleet, count: number) {
  const bytes = request('GET /v1/transactions/slow', ['Host: api.flintn.com', `X-Api-Key: ${secret}`])
  return Array.from({ length: count }, () =>
    exchange(port, bytes, 30_000).then(
      (answer) => `${answer.status} ${answer.body}`,
      (error: Error) => error.message,
    ),
  )
}

t.test('what is under way when the primary is killed is answered, stored, and signed off', async (t) => {
  const fleet = await startFleet(t, slowly)
  const db = createPostgres({ url: fleet.databaseUrl, applicationName: 'test', queryTimeoutMs: 20_000 })
  t.teardown(() => db.close())
  for (let i = 0; i < 20; i++) t.equal(await fleet.ask(), 200)
  const workers = fleet.workers()
  const before = fleet.running.output().length
  const answers = askSlowly(fleet, 6)
  // On its way to the upstream, all of it: the first half of an answer has come.
  await new Promise((resolve) => setTimeout(resolve, answersAfterMs / 2))
  fleet.running.child.kill('SIGKILL')
  t.same(
    await Promise.all(answers),
    Array.from({ length: 6 }, () => `200 ${body}`),
  )
  t.ok(await until(() => !workers.some(lives)), 'no worker is left')
  t.match(fleet.running.output().slice(before), 'The primary has ended')
  const [used] = await db.query<{ sum: number }>('SELECT sum(count)::int AS sum FROM activity')
  t.equal(used?.sum, 26, 'uses')
  t.same(await db.query('SELECT id, role, pid FROM instance WHERE signed_off_at IS NULL'), [], 'signed off')

  await t.test('and nobody is waited for by a change', async (t) => {
    const file = fleet.file
    const control = await untilReady(latchkey(t, ['start', '--config', file, '--role', 'control'], secrets))
    const admin = adminClient(`http://127.0.0.1:${control.control}`, adminToken)
    t.same((await admin.call('POST', `/keys/${fleet.keyId}/disable?wait=all`)).body['pending'], [])
    t.ok((await readFile(file, 'utf8')).length > 0)
  })
})

t.test('a primary that another takes the place of at once: the port is free', async (t) => {
  const fleet = await startFleet(t, slowly)
  const answers = askSlowly(fleet, 2)
  await new Promise((resolve) => setTimeout(resolve, answersAfterMs / 2))
  fleet.running.child.kill('SIGKILL')
  const next = latchkey(t, ['start', '--config', fleet.file, '--workers', '2'], secrets)
  t.ok(await until(() => next.stdout().includes('"msg":"serving"') || next.child.exitCode !== null))
  t.equal(await fleet.ask(), 200)
  for (const answer of await Promise.all(answers)) t.match(answer, /^200 x/)
  t.ok(await freePort())
})

t.test('a worker that does not come to its end is ended, primary or not', async (t) => {
  // Never answered: the drain cuts it.
  const fleet = await startFleet(t, {
    answer: ({ target }) =>
      target.endsWith('/slow') ? undefined : 'HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n',
  })
  const workers = fleet.workers()
  const answers = askSlowly(fleet, 4)
  await new Promise((resolve) => setTimeout(resolve, 500))
  fleet.running.child.kill('SIGKILL')
  t.ok(await until(() => !workers.some(lives)), 'no worker is left')
  await Promise.all(answers)
})

t.test('a second signal to the primary ends its workers with it', async (t) => {
  const fleet = await startFleet(t, slowly)
  const workers = fleet.workers()
  const answers = askSlowly(fleet, 2)
  await new Promise((resolve) => setTimeout(resolve, 200))
  fleet.running.child.kill('SIGTERM')
  t.ok(await until(() => fleet.running.output().includes('"msg":"draining"')))
  fleet.running.child.kill('SIGTERM')
  t.ok(await until(() => !workers.some(lives)), 'no worker is left')
  await Promise.all(answers)
})
