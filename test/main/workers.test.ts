// `--workers N`: one listener, many processes; none of them is missed when it dies, and none is behind.

import t from 'tap'
import { adminClient } from '../support/admin.ts'
import { type RunningProcess, startProcess } from '../support/process.ts'
import { adminToken, cacheKey, prepareTestProgram } from '../support/program.ts'
import { exchange, request } from '../support/wire.ts'
import { childrenOf, freePort, load, until } from './fleet.ts'

t.setTimeout(240_000)
const host = 'Host: api.flintn.com'
const env = { LATCHKEY_ADMIN_TOKEN: adminToken, LATCHKEY_CACHE_KEY: cacheKey }

t.test('two workers', async (t) => {
  const port = await freePort()
  const { file } = await prepareTestProgram(t, { port })
  const running: RunningProcess = await startProcess(['--config', file, '--workers', '2'], env, 'serving')
  t.teardown(async () => {
    await running.stop()
  })
  const admin = adminClient(`http://127.0.0.1:${running.controlPort}`, adminToken)
  const merchant = await admin.makeMerchant()
  const key = await admin.makeKey(merchant)
  const ask = (secret: string) =>
    exchange(port, request('GET /v1/transactions/1', [host, `X-Api-Key: ${secret}`]))

  await t.test('a revoked key is refused by all of them', async (t) => {
    const doomed = await admin.makeKey(merchant)
    for (let i = 0; i < 6; i++) t.equal((await ask(doomed.secret)).status, 200)
    t.same((await admin.call('POST', `/keys/${doomed.id}/revoke?wait=all`)).body['pending'], [])
    for (let i = 0; i < 6; i++) t.equal((await ask(doomed.secret)).status, 401)
  })

  await t.test('each is an instance', async (t) => {
    const { body } = await admin.call('GET', '/instances')
    t.equal(Array.from(Object(body['data'])).length, 3, 'the primary and its workers')
  })

  await t.test('their metrics are one', async (t) => {
    const text = await (await fetch(`http://127.0.0.1:${running.controlPort}/metrics`)).text()
    const counts = [...text.matchAll(/^latchkey_requests_total\{.*\} (\d+)$/gm)].map((match) =>
      Number(match[1]),
    )
    t.equal(
      counts.reduce((sum, count) => sum + count, 0),
      12,
    )
    t.equal(text.match(/^# TYPE latchkey_requests_total /gm)?.length, 1)
  })

  await t.test('a dead one is replaced, and the others go on', async (t) => {
    const before = childrenOf(running.child.pid)
    t.equal(before.length, 2)
    process.kill(before[0] ?? 0, 'SIGKILL')
    t.ok(
      await until(() => {
        const now = childrenOf(running.child.pid)
        return now.length === 2 && !now.includes(before[0] ?? 0)
      }),
    )
    t.equal((await ask(key.secret)).status, 200)
  })

  await t.test('all are replaced under load without a failed request', async (t) => {
    const before = childrenOf(running.child.pid)
    const running2 = load(port, key.secret)
    running.child.kill('SIGUSR2')
    const isDone = await until(() => running.output().includes('Workers replaced'))
    const seen = await running2.stop()
    t.ok(isDone)
    t.same(Object.keys(seen), ['200'], JSON.stringify(seen))
    t.notOk(childrenOf(running.child.pid).some((pid) => before.includes(pid)))
  })

  await t.test('SIGTERM drains all of them and leaves no process', async (t) => {
    const children = childrenOf(running.child.pid)
    t.equal(await running.stop(), 0)
    for (const pid of children) t.throws(() => process.kill(pid, 0))
  })
})
