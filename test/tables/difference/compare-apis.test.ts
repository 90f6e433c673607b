// Hosts, environments, last slashes, preflights: what is said of an API as a whole.

import t from 'tap'
import { compareTables } from '../../../src/tables/difference/compare.ts'
import { apiOf, compare, line, sameSlashApiOf, show, tableOf } from './compared-tables.ts'

t.test('a host for another environment, or another API, opens for its keys', async (t) => {
  const api = apiOf([line('GET /a: p'), line('GET /b: public')])
  const environments = api.environments.map((one) => ({ ...one, hosts: ['live.example', 'sandbox.example'] }))
  const shared = compareTables(tableOf(api), tableOf({ ...api, environments }))
  t.match(shared, [
    { kind: 'opened', path: '/a', before: { refusal: 'WRONG_ENVIRONMENT' }, after: { refusal: null } },
  ])
  const moved = compareTables(tableOf(api), tableOf({ ...api, name: 'other' }))
  t.match(
    moved,
    [
      { kind: 'closed', api: 'api', path: '/a', after: { refusal: 'INVALID_API_KEY' } },
      { kind: 'opened', api: 'other', path: '/a' },
    ].toReversed(),
  )
  const gone = compareTables(tableOf(api), tableOf())
  t.strictSame(show(gone), ['closed GET /a p', 'closed GET /b anyone'])
  t.strictSame(gone[0]?.hosts, ['live.example', 'sandbox.example'])
})

t.test('of three environments each is asked by keys of its own', async (t) => {
  const api = apiOf([line('GET /a: p')])
  const third = { name: 'eu-west', hosts: ['eu.example'], prefix: 'eu', upstream: 'live' }
  const environments = [...api.environments, third]
  const shared = environments.map((one) => ({ ...one, hosts: [...one.hosts, 'all.example'] }))
  const opened = compareTables(tableOf({ ...api, environments }), tableOf({ ...api, environments: shared }))
  t.strictSame(
    opened.map(({ kind, hosts, environments: of }) => [kind, hosts, of]),
    [['opened', ['all.example'], ['live', 'sandbox', 'eu-west']]],
  )
  const gone = compareTables(tableOf({ ...api, environments }), tableOf(api))
  t.strictSame(
    gone.map(({ kind, hosts, environments: of }) => [kind, hosts, of]),
    [['closed', ['eu.example'], ['eu-west']]],
  )
})

t.test('a last slash that means nothing any more opens and closes', async (t) => {
  const routes = ['GET /a: p', 'GET /b/{id}/: p', 'GET /f/{r...}: p', 'GET /f/x: q', 'POST /c: public'].map(
    line,
  )
  const [strict, same] = [tableOf(apiOf(routes)), tableOf(sameSlashApiOf(routes))]
  t.strictSame(show(compareTables(strict, same)), [
    'opened GET /a/ p',
    'opened GET /b/x p',
    'opened POST /c/ anyone',
    'opened GET /f/x/ q',
  ])
  t.strictSame(show(compareTables(same, strict)).length, 4)
  t.strictSame(compareTables(same, same), [])
})

t.test('a literal that is gone leaves its disguises to the pattern beside it', async (t) => {
  const [both, one] = [['GET /a.a: q', 'GET /a{x}: p'], ['GET /a{x}: p']]
  t.strictSame(show(compare(both, one)), ['opened GET /a.a p', 'closed GET /a.a q'])
  const [publicBoth, publicOne] = [['GET /a.a: public', 'GET /a{x}: public'], ['GET /a{x}: public']]
  t.match(compare(publicBoth, publicOne), [
    { kind: 'opened', path: /^\/a/, before: { refusal: 'INVALID_PATH' } },
  ])
  t.match(compare(publicOne, publicBoth), [
    { kind: 'closed', path: /^\/a/, after: { refusal: 'INVALID_PATH' } },
  ])
})

t.test('`*` stands for hosts that nobody lists', async (t) => {
  const any = (lines: string[]) => {
    const api = apiOf(lines.map(line))
    return tableOf({ ...api, environments: api.environments.map((one) => ({ ...one, hosts: ['*'] })) })
  }
  t.match(compareTables(any(['GET /a: p']), any(['GET /a: q'])), [{ hosts: ['*'] }, { hosts: ['*'] }])
})

t.test('preflights that pass without a key are a decision too', async (t) => {
  const [off, on] = (['off', 'upstream'] as const).map((cors) =>
    tableOf(apiOf([line('GET /a: p')], { cors })),
  )
  if (!off || !on) throw new Error('both are made')
  t.strictSame(show(compareTables(off, on)), ['opened OPTIONS (preflight) /a anyone'])
  t.strictSame(show(compareTables(on, off)), ['closed OPTIONS (preflight) /a anyone'])
})

t.test(
  'a preflight that the gateway answers gets further than one refused, and less far than one sent on',
  async (t) => {
    const rules = { origins: null, allowHeaders: '', maxAgeSeconds: '1' }
    const [off, answered, sentOn] = (['off', rules, 'upstream'] as const).map((cors) =>
      tableOf(apiOf([line('GET /a: p')], { cors })),
    )
    if (!off || !answered || !sentOn) throw new Error('all are made')
    const opened = ['opened OPTIONS (preflight) /a anyone']
    const closed = ['closed OPTIONS (preflight) /a anyone']
    t.strictSame(show(compareTables(off, answered)), opened)
    t.match(compareTables(off, answered), [
      { before: { refusal: 'METHOD_NOT_ALLOWED' }, after: { refusal: 'answered' } },
    ])
    t.strictSame(show(compareTables(answered, sentOn)), opened)
    t.strictSame(show(compareTables(sentOn, answered)), closed)
    t.strictSame(show(compareTables(answered, off)), closed)
    const other = tableOf(
      apiOf([line('GET /a: p')], { cors: { ...rules, origins: new Set(['https://a.example']) } }),
    )
    t.strictSame(show(compareTables(answered, other)), [], 'whose pages may read is no decision on a request')
    const keyed = ['GET /a: p', 'OPTIONS /a: q'].map(line)
    t.strictSame(
      show(
        compareTables(tableOf(apiOf(keyed, { cors: 'upstream' })), tableOf(apiOf(keyed, { cors: rules }))),
      ),
      opened,
      'a route for OPTIONS asks for no key there any more',
    )
    t.strictSame(show(compareTables(tableOf(apiOf(keyed, { cors: rules })), tableOf(apiOf(keyed)))), closed)
  },
)

t.test('a route for OPTIONS that comes or goes decides whether preflights pass without a key', async (t) => {
  const tables = (['GET /a: p', 'OPTIONS /a: q', 'OPTIONS /a: public'] as const).map((text) =>
    tableOf(apiOf([...new Set(['GET /a: p', text])].map(line), { cors: 'upstream' })),
  )
  const [none, keyed, open] = tables
  if (!none || !keyed || !open) throw new Error('all are made')
  t.strictSame(show(compareTables(keyed, none)), [
    'opened OPTIONS (preflight) /a anyone',
    'closed OPTIONS /a q',
  ])
  t.match(compareTables(keyed, none)[0], {
    before: { refusal: 'MISSING_API_KEY', route: { method: 'OPTIONS' } },
    after: { refusal: null },
  })
  t.strictSame(show(compareTables(none, keyed)), [
    'opened OPTIONS /a q',
    'closed OPTIONS (preflight) /a anyone',
  ])
  t.strictSame(show(compareTables(open, none)), ['closed OPTIONS /a anyone'], 'preflights still pass')
  t.strictSame(show(compareTables(none, open)), ['opened OPTIONS /a anyone'])
  t.strictSame(show(compareTables(open, keyed)), ['closed OPTIONS /a anyone'])
  t.strictSame(show(compareTables(none, tableOf(apiOf([], { cors: 'upstream' })))), ['closed GET /a p'])
})

t.test(
  'tables too entangled to be compared are said to be so, unless they are the same',
  { timeout: 60_000 },
  async (t) => {
    const numbers = Array.from({ length: 60 }, (_, n) => n)
    const lines = ['', '/{p}', '/{p}/{q}', '/{p}/{q}/{r}'].flatMap((start) =>
      numbers.map((n) => `GET ${start}/a${n}/z: p`),
    )
    t.throws(() => compare(lines, []), RangeError)
    t.strictSame(compare(lines, lines), [])
  },
)

t.test('a table of 10,000 routes is compared in seconds', { timeout: 60_000 }, async (t) => {
  const lines = Array.from({ length: 10_000 }, (_, n) => `GET /v1/r${n}/{id}: p`)
  const start = Date.now()
  t.strictSame(show(compare(lines, [...lines, 'GET /v1/r7/x/y: q'])), [
    'opened GET /v1/r7/x/y q',
    'closed GET /v1/r7/%78 p',
  ])
  t.ok(Date.now() - start < 20_000, `${Date.now() - start} ms`)
})

// Brute force: every path of a small alphabet, every set of permissions.
