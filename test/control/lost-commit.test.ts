// A connection to Postgres that is cut when a change is being committed, and nobody to be asked what became of it: what is
// answered must be true whether the commit arrived or not.

import { createControlServer } from '../../src/control/server.ts'
import { createPostgres } from '../../src/store/postgres.ts'
import t, { type Test } from 'tap'
import { createDatabase } from '../support/database.ts'
import { startTcpProxy } from '../support/tcp-proxy.ts'
import { callerOf, depsOf, keyBody, startMs } from './subject.ts'

const once = { 'idempotency-key': 'once' }

/** An admin API behind a network that is gone with the next commit: as it is sent, or before it is. */
async function subjectOf(t: Test, { arrives }: { readonly arrives: boolean }) {
  const { url } = await createDatabase(t)
  const { port } = new URL(url)
  const armed = { isSo: false }
  const proxy = await startTcpProxy([Number(port)], {
    sent(bytes) {
      if (!armed.isSo || !bytes.includes('COMMIT\0')) return
      armed.isSo = false
      const end = () => void proxy.set('refuse')
      // What is being told of is passed on first.
      if (arrives) process.nextTick(end)
      else end()
    },
  })
  t.teardown(() => proxy.close())
  const through = new URL(url)
  through.host = `127.0.0.1:${proxy.port}`
  const db = createPostgres({ url: through.href, applicationName: 'test' })
  t.teardown(() => db.close())
  const call = callerOf(createControlServer(depsOf({ db, clock: { nowMs: startMs }, logged: [] })))
  const merchant = await call('POST', '/merchants', { name: 'Acme' })
  const key = await call('POST', '/keys', keyBody(String(merchant.body['id'])))
  const path = `/keys/${String(key.body['id'])}`
  return {
    call,
    path,
    merchant: String(merchant.body['id']),
    async cut(...asked: Parameters<typeof call>) {
      armed.isSo = true
      const answer = await call(...asked)
      t.equal(armed.isSo, false, 'it was cut at its commit')
      await proxy.set('pass')
      return answer
    },
  }
}

/** What has been lost is found here. */
const unknownOf = (asked: string) => ({
  status: 503,
  headers: { 'retry-after': '1' },
  body: {
    error: {
      code: 'OUTCOME_UNKNOWN',
      details: [
        {
          message: `GET /admin/v1${asked} tells whether it was; the same request with the same Idempotency-Key may be sent again`,
        },
      ],
    },
  },
})

void t.test(
  'a commit that arrived, and whose answer was lost: unknown, it was done, and its repeat finds it',
  async (t) => {
    const { call, cut, path } = await subjectOf(t, { arrives: true })
    t.match(await cut('POST', `${path}/revoke`, undefined, once), unknownOf(path))
    t.match(await call('GET', path), { status: 200, body: { status: 'revoked' } })
    t.match(await call('POST', `${path}/revoke`, undefined, once), {
      status: 200,
      headers: { 'idempotency-replayed': 'true' },
      body: { status: 'revoked' },
    })
    t.equal((await entriesOf(call, 'key.revoke')).length, 1, 'once')
  },
)

void t.test('a commit that was lost itself: unknown, it was not done, and its repeat does it', async (t) => {
  const { call, cut, path } = await subjectOf(t, { arrives: false })
  t.match(await cut('POST', `${path}/revoke`, undefined, once), unknownOf(path))
  t.match(await call('GET', path), { status: 200, body: { status: 'active' } })
  const repeated = await call('POST', `${path}/revoke`, undefined, once)
  t.match(repeated, { status: 200, body: { status: 'revoked' } })
  t.equal(repeated.headers['idempotency-replayed'], undefined)
  t.equal((await entriesOf(call, 'key.revoke')).length, 1, 'once')
})

void t.test(
  'a key that may have been made is told to be looked for in the audit, and its repeat makes no second one',
  async (t) => {
    const { call, cut, merchant } = await subjectOf(t, { arrives: true })
    const asked = ['POST', '/keys', keyBody(merchant, { name: 'Second' }), once] as const
    t.match(await cut(...asked), unknownOf('/audit'))
    t.equal((await entriesOf(call, 'key.create')).length, 2)
    t.match(await call(...asked), { headers: { 'idempotency-replayed': 'true' }, body: { name: 'Second' } })
    t.equal((await entriesOf(call, 'key.create')).length, 2)
  },
)

async function entriesOf(call: ReturnType<typeof callerOf>, action: string): Promise<unknown[]> {
  const { body } = await call('GET', '/audit')
  const all: unknown = body['data']
  if (!Array.isArray(all)) throw new Error(`no list: ${Object.keys(body).join(', ')}`)
  return all.filter((entry: unknown) => Object(entry).action === action)
}
