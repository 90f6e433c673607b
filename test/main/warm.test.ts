// A process that ends hands the keys in use to the next one, which asks no store when they come.

import t from 'tap'
import { host, withKey } from '../support/keyed-program.ts'
import { prepareTestProgram, startPrepared, type TestProgram } from '../support/program.ts'
import { exchange, request } from '../support/wire.ts'

async function ask({ gatewayPort }: TestProgram, auth: string): Promise<number> {
  return (await exchange(gatewayPort, request('GET /v1/transactions', [host, auth]))).status
}

/** Look-ups by the tier that answered them, but for memory. */
async function asked({ controlPort }: TestProgram): Promise<string[]> {
  const text = await (await fetch(`http://127.0.0.1:${controlPort}/metrics`)).text()
  return text
    .split('\n')
    .filter((line) => /^latchkey_lookup_\w*count.*tier="(postgres|redis)"/.test(line) && !line.endsWith(' 0'))
}

t.test('the keys in use are in memory when the next process says that it is ready', async (t) => {
  const prepared = await prepareTestProgram(t)
  const before = await withKey(await startPrepared(t, prepared))
  t.equal((await before.send('GET /v1/transactions')).status, 200)
  t.not((await asked(before)).length, 0, 'the first time a store is asked')
  await before.stop()

  const after = await startPrepared(t, prepared)
  t.match(
    after.log.find(({ msg }) => msg === 'Keys that were in use are in memory'),
    { keys: 1 },
  )
  t.equal(await ask(after, before.auth), 200)
  t.same(await asked(after), [])
})

t.test('a key that was revoked while nobody ran is not let in by it', async (t) => {
  const prepared = await prepareTestProgram(t)
  const before = await withKey(await startPrepared(t, prepared))
  t.equal((await before.send('GET /v1/transactions')).status, 200)
  await before.stop()
  const control = await startPrepared(t, prepared, 'control')
  await control.admin.call('POST', `/keys/${before.key.id}/revoke`)
  await control.stop()
  const after = await startPrepared(t, prepared)
  t.equal(await ask(after, before.auth), 401)
})

t.test('without Redis a process begins as ever', async (t) => {
  const prepared = await prepareTestProgram(t, { redis: 'none' })
  const before = await withKey(await startPrepared(t, prepared))
  t.equal((await before.send('GET /v1/transactions')).status, 200)
  await before.stop()
  const after = await startPrepared(t, prepared)
  t.equal(await ask(after, before.auth), 200)
})
