// What is told of upstreams' targets, also of those that workers see.

import t from 'tap'
import { leastOf } from '../../src/main/upstream-figures.ts'
import { adminClient } from '../support/admin.ts'
import { startProcess } from '../support/process.ts'
import { adminToken, cacheKey, prepareTestProgram } from '../support/program.ts'
import { startUpstream } from '../support/upstream.ts'
import { exchange, request } from '../support/wire.ts'
import { freePort } from './fleet.ts'
import { probe } from './process.ts'

t.setTimeout(120_000)

t.test('of each upstream the process counts that sees fewest targets', async (t) => {
  const figures = [
    { a: { targets: 2, available: 2 }, b: { targets: 3, available: 1 } },
    { a: { targets: 2, available: 1 } },
    { b: { targets: 3, available: 2 } },
  ]
  t.same(leastOf(figures), { a: { targets: 2, available: 1 }, b: { targets: 3, available: 1 } })
  t.same(leastOf([]), {})
  const counts = { targets: 2, available: 1 }
  const odd = { constructor: counts, toString: counts }
  t.strictSame(Object.entries(leastOf([odd, odd])), Object.entries(odd), 'whatever they are called')
})

t.test(
  '/readyz of a primary tells what its workers see, and says nothing of upstreams with one target',
  async (t) => {
    const gone = await startUpstream()
    await gone.close()
    const port = await freePort()
    const { file } = await prepareTestProgram(t, {
      port,
      upstreams: ({ live, sandbox }) =>
        `  payments: { targets: [{ url: "${live}" }, { url: "${gone.url}" }] }\n  payments-sandbox: { url: "${sandbox}" }`,
    })
    const env = { LATCHKEY_ADMIN_TOKEN: adminToken, LATCHKEY_CACHE_KEY: cacheKey }
    const running = await startProcess(['--config', file, '--workers', '2'], env, 'serving')
    t.teardown(async () => {
      await running.stop()
    })
    const admin = adminClient(`http://127.0.0.1:${running.controlPort}`, adminToken)
    const key = await admin.makeKey(await admin.makeMerchant())
    const seen = async () => Object((await probe(running.controlPort)).body).upstreams
    // Whichever worker has taken the target out: the least counts.
    while ((await seen())?.payments?.available !== 1) {
      const fields = ['Host: api.flintn.com', `X-Api-Key: ${key.secret}`]
      t.equal((await exchange(port, request('GET /v1/transactions/1', fields))).status, 200)
    }
    t.same(await seen(), { payments: { targets: 2, available: 1 } })
  },
)
