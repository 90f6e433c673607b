// Live events over many processes without Redis: whoever watches at the primary's admin API is told what every worker decides, also
// one that started later.

import { setTimeout as sleep } from 'node:timers/promises'
import t from 'tap'
import { adminClient } from '../support/admin.ts'
import { startProcess } from '../support/process.ts'
import { adminToken, cacheKey, prepareTestProgram } from '../support/program.ts'
import { exchange, request } from '../support/wire.ts'
import { freePort } from './fleet.ts'

t.setTimeout(240_000)
const env = { LATCHKEY_ADMIN_TOKEN: adminToken, LATCHKEY_CACHE_KEY: cacheKey }

t.test('what each of two workers decides comes to who watches', async (t) => {
  const port = await freePort()
  const { file } = await prepareTestProgram(t, { port, redis: 'none' })
  const running = await startProcess(['--config', file, '--workers', '2'], env, 'serving')
  t.teardown(async () => {
    await running.stop()
  })
  const admin = adminClient(`http://127.0.0.1:${running.controlPort}`, adminToken)
  const key = await admin.makeKey(await admin.makeMerchant())
  const aborter = new AbortController()
  t.teardown(() => aborter.abort())
  const response = await fetch(`http://127.0.0.1:${running.controlPort}/admin/v1/events`, {
    headers: { authorization: `Bearer ${adminToken}` },
    signal: aborter.signal,
  })
  let text = ''
  const reading = (async () => {
    for await (const piece of response.body ?? []) text += Buffer.from(piece).toString()
  })().catch(() => undefined)
  const bytes = request('GET /v1/transactions/1', ['Host: api.flintn.com', `X-Api-Key: ${key.secret}`])
  /** Over a connection of its own each: the workers take turns. */
  const ask = async () => {
    const answers = await Promise.all(Array.from({ length: 8 }, () => exchange(port, bytes)))
    return answers.map(({ head }) => /^x-request-id: (\S+)/im.exec(head)?.[1] ?? 'none')
  }
  /** Until all of a round come, which is once each worker has heard that somebody watches. */
  async function untilAllCome(): Promise<void> {
    for (;;) {
      const ids = await ask()
      // No more than are told in a second.
      await sleep(500)
      if (ids.every((id) => text.includes(`"request_id":"${id}"`))) return
    }
  }
  await untilAllCome()
  t.match(text, new RegExp(`"key_id":"${key.id}","decision":"allow"`))
  running.child.kill('SIGUSR2')
  while (!running.output().includes('Workers replaced')) await sleep(20)
  await untilAllCome()
  t.pass('the ones that took their places, too')
  t.notMatch(text, key.secret)
  await running.stop()
  await reading
  t.pass('the stream ends with its process')
})
