// Contract 8.

import t from 'tap'
import { createControlServer } from '../../src/control/server.ts'
import { depsOf, startMs } from './subject.ts'

const world = () => ({ clock: { nowMs: startMs }, logged: [] })

void t.test('the probes show health without a token', async (t) => {
  let isReady = true
  const deps = depsOf({ db: null, ...world() })
  const app = createControlServer({
    ...deps,
    health: () => ({ ...deps.health(), isReady, configFault: 'line 3', log: 'dropping' }),
  })
  const ready = await app.inject('/readyz')
  t.same(ready.json(), {
    status: 'ok',
    table_sha256: 'ab'.repeat(32),
    postgres: 'up',
    redis: 'none',
    applied_revision: 7,
    config_fault: 'line 3',
    log: 'dropping',
  })
  t.match(ready.headers, { 'x-request-id': /^req_/ })
  isReady = false
  t.equal((await app.inject('/readyz')).statusCode, 503)
  t.equal((await app.inject('/livez')).statusCode, 200)
  const metrics = await app.inject('/metrics')
  t.match(metrics, { body: 'up 1\n', headers: { 'content-type': /^text\/plain; version=0\.0\.4/ } })
})
