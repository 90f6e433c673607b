// What a request makes is garbage when it is over, and is collected young. Something old that holds it, even if nothing
// uses that any more, costs its copying and a full collection again and again: nearly half of what a gateway can carry,
// as seen from the first full collection on.

import t, { type Test } from 'tap'
import { type Dispatcher, Pool } from 'undici'
import { generateSecret, Secret } from '../../src/credentials/secret.ts'
import { prepareTestProgram } from '../support/program.ts'
import { startWatchedProcess } from '../support/watched-process.ts'

t.setTimeout(290_000)

const connections = 64
/** Few enough that what is left does not bring about a full collection meanwhile, which would take it away unseen. */
const requests = 2_000

type Asked = Omit<Dispatcher.RequestOptions, 'origin'>

interface Kind {
  readonly status: number
  readonly asked: () => Asked
  /** Bytes a request may leave. */
  readonly most: number
  readonly requests?: number
}

t.test('a request leaves nothing among the old objects', { timeout: 280_000 }, (t) => {
  return leavesNothing(t, 'all', 1_500)
})

// Some of the sockets live through two collections: each is a few kilobytes, and used once.
t.test('nor does one that has a connection to itself', { timeout: 280_000 }, (t) => {
  return leavesNothing(t, 'bodiless', 4_500)
})

/** `mostOfBody`: bytes that a request with a body may leave; with `bodiless` the others are the same. */
async function leavesNothing(t: Test, reuse: 'all' | 'bodiless', mostOfBody: number): Promise<void> {
  const { file } = await prepareTestProgram(t, {
    gateway: ', limits: { failed_lookups: 1000000 }',
    upstream: `, reuse: ${reuse}`,
  })
  const gateway = await startWatchedProcess(t, file)
  const key = await gateway.admin.makeKey(await gateway.admin.makeMerchant(), {
    permissions: ['transaction.read', 'transaction.refund'],
  })
  const pool = new Pool(`http://127.0.0.1:${gateway.gatewayPort}`, { connections })
  t.teardown(() => pool.close())
  const host = 'api.flintn.com'
  const path = '/v1/transactions/1'
  const headers = { host, 'x-api-key': key.secret }
  const unknown = () => ({ host, 'x-api-key': Secret.reveal(generateSecret('pk_live_')) })
  const body = Buffer.alloc(2_048)
  const kinds: Readonly<Record<string, Kind>> = {
    'that goes through': { status: 200, most: 1_500, asked: () => ({ method: 'GET', path, headers }) },
    'with a body': {
      status: 200,
      most: mostOfBody,
      asked: () => ({ method: 'POST', path: '/v1/upload', headers, body }),
    },
    'without a key': { status: 401, most: 1_500, asked: () => ({ method: 'GET', path, headers: { host } }) },
    'with an unknown key': {
      status: 401,
      most: 2_000,
      requests: 500,
      asked: () => ({ method: 'GET', path, headers: unknown() }),
    },
    'without the permission': {
      status: 403,
      most: 1_500,
      asked: () => ({ method: 'GET', path: '/v1/transactions', headers }),
    },
  }
  for (const [name, { status, asked, most, requests: count = requests }] of Object.entries(kinds)) {
    if (reuse === 'bodiless' && name !== 'with a body') continue
    const load = async () => {
      let left = count
      const one = async () => {
        while (left-- > 0) {
          const answer = await pool.request(asked())
          await answer.body.dump()
          if (answer.statusCode !== status) throw new Error(`answered ${answer.statusCode}`)
        }
      }
      await Promise.all(Array.from({ length: connections }, one))
    }
    await load()
    // From here on all that lives on is old.
    await gateway.report()
    await load()
    const bytes = ((await gateway.report()).oldGarbageMiB * 1024 ** 2) / count
    t.comment(`${name}: ${bytes.toFixed(0)} bytes`)
    t.ok(bytes < most, `a request ${name}`)
  }
}
