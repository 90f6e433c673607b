import t from 'tap'
import { nothingDenied } from '../../../src/config/deny.ts'
import { createDenyStop, mostAdded } from '../../../src/lookup/deny-stop.ts'
import { createDenyWords } from '../../../src/lookup/deny-words.ts'
import { createPostgres } from '../../../src/store/postgres.ts'
import { createControlServer } from '../../../src/control/server.ts'
import { callerOf, createSubject, depsOf, startMs } from '../subject.ts'

const key = { kind: 'key', value: 'key_0123456789' }

const stopOf = () =>
  createDenyStop({ words: createDenyWords(), spread: null, now: () => startMs, changed: () => undefined })

t.test('an entry is added, listed and taken back; repeating it is fine', async (t) => {
  const { call } = await createSubject(t)
  const added = await call('POST', '/deny', key)
  t.equal(added.status, 201)
  t.same(added.body, {
    ...key,
    denied: true,
    in_file: false,
    at: '2026-01-15T12:00:00.000Z',
    actor: 'ann',
    instance: 'one',
    spread: false,
  })
  t.match(await call('POST', '/deny', key), { status: 200, body: added.body })
  t.same((await call('GET', '/deny')).body, {
    data: [{ ...key, source: 'api', at: '2026-01-15T12:00:00.000Z', actor: 'ann' }],
    next_cursor: null,
  })
  t.match(await call('DELETE', '/deny', key), { status: 200, body: { denied: false } })
  t.match(await call('DELETE', '/deny', key), { status: 200, body: { denied: false } })
  t.same((await call('GET', '/deny')).body, { data: [], next_cursor: null })
})

t.test('with wait=all it names who has not heard, or says that nobody can tell', async (t) => {
  const behind = [{ instance: 'two', lastSeenAtMs: startMs }]
  const named = await createSubject(t, { denyBehind: async () => behind })
  t.match((await named.call('POST', '/deny?wait=all', key)).body, {
    pending: [{ instance: 'two', last_seen_at: '2026-01-15T12:00:00.000Z' }],
  })
  const blind = await createSubject(t, { denyBehind: async () => null })
  t.equal((await blind.call('POST', '/deny?wait=all', key)).body['pending'], null)
})

t.test('what the file lists only the file can take back', async (t) => {
  const deny = stopOf()
  deny.takeFile({ ...nothingDenied, key: new Set([key.value]) })
  const { call } = await createSubject(t, { deny })
  t.same((await call('GET', '/deny')).body['data'], [{ ...key, source: 'file', at: null, actor: null }])
  t.match(await call('DELETE', '/deny', key), { status: 409, body: { error: { code: 'DENIED_BY_FILE' } } })
  t.match(await call('POST', '/deny', key), { status: 201, body: { denied: true, in_file: true } })
  t.match(await call('DELETE', '/deny', key), { status: 200, body: { denied: true, in_file: true } })
})

t.test('what cannot be denied is refused with the field named, and not repeated', async (t) => {
  const { call } = await createSubject(t)
  for (const [body, path] of [
    [{}, '/kind'],
    [{ kind: 'host', value: 'a' }, '/kind'],
    [{ kind: 'key' }, '/value'],
    [{ kind: 'key', value: 'mer_0123456789' }, '/value'],
    [{ kind: 'prefix', value: 'pk_' }, '/value'],
    [{ kind: 'prefix', value: 'hunter2 hunter2' }, '/value'],
    [{ kind: 'client', value: '0.0.0.0/0' }, '/value'],
    [{ kind: 'permission', value: 'no.such' }, '/value'],
    [{ ...key, colour: 'red' }, '/colour'],
  ] as const) {
    const answer = await call('POST', '/deny', body)
    t.match(answer, { status: 422, body: { error: { code: 'VALIDATION_FAILED', details: [{ path }] } } })
    t.notMatch(answer.text, 'hunter2')
  }
  t.match(await call('DELETE', '/deny', key), { status: 404, body: { error: { code: 'NOT_FOUND' } } })
  t.equal((await call('POST', '/deny?all=1', key)).status, 422)
})

t.test('beyond the bound the deny file is the place', async (t) => {
  const deny = stopOf()
  for (let i = 0; i < mostAdded; i++) await deny.add({ kind: 'key', value: `key_${1e9 + i}` }, 'ann')
  const { call } = await createSubject(t, { deny })
  const answer = await call('POST', '/deny', key)
  t.equal(answer.status, 422)
  t.match(answer.text, /put more into the deny file/)
})

t.test('who did it stands in log and audit; the whole of a secret in neither', async (t) => {
  const subject = await createSubject(t)
  const secret = `pk_live_${'s3cr'.repeat(8)}000000`
  await subject.call('POST', '/deny', { kind: 'prefix', value: secret })
  await subject.call('POST', '/deny', { kind: 'prefix', value: secret })
  await subject.call('DELETE', '/deny', { kind: 'prefix', value: secret })
  const rows = async () => (await subject.call('GET', '/audit')).body['data'] as Record<string, unknown>[]
  while ((await rows()).length < 2) await new Promise((resolve) => setTimeout(resolve, 10))
  t.match(await rows(), [
    { actor: 'ann', action: 'deny.remove', after: { kind: 'prefix', denied: false } },
    {
      actor: 'ann',
      action: 'deny.add',
      after: { kind: 'prefix', denied: true },
      target: /^pk_live_s3cr~46~/,
    },
  ])
  const log = subject.logged.join('')
  t.match(log, /"actor":"ann","action":"deny\.add","kind":"prefix","value":"pk_live_s3cr~46~/)
  t.notMatch(`${log}${JSON.stringify(await rows())}`, 's3crs3cr')
})

t.test('it needs a token, and no database', async (t) => {
  const logged: string[] = []
  const db = createPostgres({ url: 'postgres://nobody@127.0.0.1:1/none', applicationName: 'test' })
  t.teardown(() => db.close())
  const app = createControlServer(depsOf({ db, clock: { nowMs: startMs }, logged }))
  t.equal((await app.inject({ method: 'POST', url: '/admin/v1/deny', payload: key })).statusCode, 401)
  const call = callerOf(app)
  t.equal((await call('POST', '/deny', key)).status, 201)
  t.match((await call('GET', '/deny')).body, { data: [key] })
  t.equal((await call('DELETE', '/deny', key)).status, 200)
  while (!logged.join('').includes('no audit row')) await new Promise((resolve) => setTimeout(resolve, 10))
})
