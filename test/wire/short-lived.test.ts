// What a request makes is garbage when it is over, and is collected young. Something old that holds it, even if nothing
// uses that any more, costs its copying and a full collection again and again: half of what a gateway can carry, as seen
// from the first full collection on.

import { randomBytes } from 'node:crypto'
import t from 'tap'
import { type Dispatcher, Pool } from 'undici'
import { prepareTestProgram } from '../support/program.ts'
import { startWatchedProcess } from '../support/watched-process.ts'

const connections = 64
const requests = 6_000
const mostBytes = 700

t.test('a request leaves nothing among the old objects', { timeout: 600_000 }, async (t) => {
  const { file } = await prepareTestProgram(t, { gateway: ', limits: { failed_lookups: 1000000 }' })
  const gateway = await startWatchedProcess(t, file)
  const key = await gateway.admin.makeKey(await gateway.admin.makeMerchant(), {
    permissions: ['transaction.read', 'transaction.refund'],
  })
  const pool = new Pool(`http://127.0.0.1:${gateway.gatewayPort}`, { connections })
  t.teardown(() => pool.close())
  const host = 'api.flintn.com'
  const path = '/v1/transactions/1'
  const known = { host, 'x-api-key': key.secret }
  const unknown = () => ({ host, 'x-api-key': `pk_live_${randomBytes(16).toString('hex')}` })
  type Asked = Omit<Dispatcher.RequestOptions, 'origin'>
  const kinds: Readonly<Record<string, readonly [status: number, asked: () => Asked]>> = {
    'that goes through': [200, () => ({ method: 'GET', path, headers: known })],
    'with a body': [
      200,
      () => ({ method: 'POST', path: '/v1/upload', headers: known, body: Buffer.alloc(2_048) }),
    ],
    'without a key': [401, () => ({ method: 'GET', path, headers: { host } })],
    'with an unknown key': [401, () => ({ method: 'GET', path, headers: unknown() })],
    'without the permission': [403, () => ({ method: 'GET', path: '/v1/transactions', headers: known })],
  }
  for (const [name, [status, asked]] of Object.entries(kinds)) {
    const load = async () => {
      let left = requests
      const one = async () => {
        while (left-- > 0) {
          const { statusCode, body } = await pool.request(asked())
          await body.dump()
          if (statusCode !== status) throw new Error(`answered ${statusCode}`)
        }
      }
      await Promise.all(Array.from({ length: connections }, one))
    }
    await load()
    // From here on all that lives on is old.
    await gateway.report()
    await load()
    const bytes = ((await gateway.report()).oldGarbageMiB * 1024 ** 2) / requests
    t.comment(`${name}: ${bytes.toFixed(0)} bytes`)
    t.ok(bytes < mostBytes, `a request ${name}`)
  }
})
