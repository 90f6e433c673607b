// What the gateway would do with a request, asked of the admin API.

import t from 'tap'
import type { AskedRequest } from '../../../src/control/dependencies.ts'
import { createSubject, depsOf, makeKey, startMs } from '../subject.ts'

void t.test(
  'a request is explained with no key, with named permissions, and with those of a key',
  async (t) => {
    const asked: AskedRequest[] = []
    const { explain } = depsOf({ db: null, clock: { nowMs: startMs }, logged: [] })
    const subject = await createSubject(t, {
      explain: (one) => {
        asked.push(one)
        return explain(one)
      },
    })
    const { id } = await makeKey(subject)
    const ask = (query: string) => subject.call('GET', `/explain?method=GET&url=/v1/x${query}`)
    t.match(await ask(''), { status: 200, body: { decision: 'allow', route: { template: '/v1/x' } } })
    await ask('&permissions=transaction.read,%20transaction.refund&environment=sandbox&host=api.flintn.com')
    await ask('&permissions=')
    await ask(`&key_id=${id}`)
    const common = { method: 'GET', url: '/v1/x', host: undefined }
    t.same(asked, [
      { ...common, caller: undefined },
      {
        ...{ ...common, host: 'api.flintn.com' },
        caller: {
          ...{ api: undefined, environment: 'sandbox' },
          permissions: ['transaction.read', 'transaction.refund'],
        },
      },
      { ...common, caller: { api: undefined, environment: undefined, permissions: [] } },
      { ...common, caller: { api: 'flintn', environment: 'live', permissions: ['transaction.read'] } },
    ])
  },
)

void t.test('what cannot be asked is told; a key that is not there is not found', async (t) => {
  const { call } = await createSubject(t, { explain: () => ({ at: 'url', fault: 'names no host' }) })
  t.match(await call('GET', '/explain?method=GET&url=https:///x'), {
    status: 422,
    body: { error: { details: [{ path: 'url', message: 'names no host' }] } },
  })
  t.equal((await call('GET', '/explain?method=GET&url=/x&key_id=key_1')).status, 404)
  t.equal((await call('GET', '/explain?method=GET')).status, 422)
})
