import t from 'tap'
import { startMs } from '../control/subject.ts'
import { createConsole } from './console.ts'

const instance = {
  id: 'host-1-ab',
  host: 'host',
  pid: 1,
  role: 'gateway',
  version: '0.1.0',
  startedAtMs: startMs,
  appliedRevision: 7,
  epoch: 'e',
  lastSeenAtMs: startMs + 1000,
  staleLimitMs: 900_000,
  cacheKeys: ['a1'],
  clockOffsetMs: 100,
  state: null,
}

void t.test('instances are listed with the revision that each has applied', async (t) => {
  const { type, subject } = await createConsole(t, {
    instances: async () => [instance, { ...instance, id: 'host-2-cd', appliedRevision: -1 }],
  })
  const { code, stdout } = await type('instances')
  t.equal(code, 0)
  t.match(stdout, /^ID +ROLE +HOST +PID +VERSION +REVISION +STARTED +LAST SEEN\n/)
  t.match(stdout, /^host-1-ab +gateway +host +1 +0\.1\.0 +7 +2026-01-15 12:00:00Z +2026-01-15 12:00:01Z$/m)
  t.match(stdout, /^host-2-cd .* - +2026/m)
  const json: unknown = JSON.parse((await type('instances', '--json')).stdout)
  t.same(json, (await subject.call('GET', '/instances')).body)
})

void t.test('clocks and cache keys that are apart are told below', async (t) => {
  const list = [instance, { ...instance, id: 'host-2-cd' }]
  const { type } = await createConsole(t, { instances: async () => list })
  t.equal((await type('instances')).stderr, '')
  list[1] = { ...instance, id: 'host-2-cd', clockOffsetMs: -120_000, cacheKeys: ['b2', 'a1'] }
  const { stderr } = await type('instances')
  t.match(stderr, /^warning: the clock of host-2-cd is 120\.0 s ahead of the database's$/m)
  t.match(
    stderr,
    /^warning: LATCHKEY_CACHE_KEY is not the same everywhere;.*\n {2}host-1-ab: a1\n {2}host-2-cd: b2, a1\n/m,
  )
  list[1] = { ...instance, id: 'host-2-cd', cacheKeys: ['a1', 'b2'] }
  t.equal((await type('instances')).stderr, '', 'one that reads a second key fits')
})
