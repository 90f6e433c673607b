// Contract 9.6: whichever instance decides, whoever watches is told.

import { setTimeout as sleep } from 'node:timers/promises'
import t from 'tap'
import { adminToken, startTestProgram } from '../support/program.ts'
import { exchange, request } from '../support/wire.ts'

t.test('decisions of another instance come through Redis', async (t) => {
  const one = await startTestProgram(t)
  const two = await startTestProgram(t, { databaseUrl: one.databaseUrl })
  const key = await one.admin.makeKey(await one.admin.makeMerchant())
  const aborter = new AbortController()
  t.teardown(() => aborter.abort())
  const response = await fetch(`http://127.0.0.1:${one.controlPort}/admin/v1/events`, {
    headers: { authorization: `Bearer ${adminToken}` },
    signal: aborter.signal,
  })
  let text = ''
  const reading = (async () => {
    for await (const piece of response.body ?? []) text += Buffer.from(piece).toString()
  })().catch(() => undefined)
  const fields = ['Host: api.flintn.com', `X-Api-Key: ${key.secret}`]
  const ask = ({ gatewayPort }: typeof one, path: string) =>
    exchange(gatewayPort, request(`GET ${path}`, fields))
  // Until the other one has heard that somebody watches.
  while (!/"route":"DELETE|"code":"ROUTE_NOT_FOUND"/.test(text)) {
    await ask(two, '/v2')
    await sleep(20)
  }
  await ask(two, '/v1/transactions/1')
  await ask(one, '/v1/transactions')
  while (!text.includes('GET /v1/transactions/{id}') || !text.includes('"GET /v1/transactions"'))
    await sleep(20)
  t.match(text, new RegExp(`"key_id":"${key.id}","decision":"allow","code":null`))
  t.notMatch(text, key.secret)
  await two.stop()
  await one.stop()
  await reading
  t.pass('the stream ends with its process')
})
