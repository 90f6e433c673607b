import * as fc from 'fast-check'
import t from 'tap'
import type { Api, ApiEnvironment, Route, Table } from '../../../src/config/compiled.ts'
import type { Change } from '../../../src/tables/difference/change.ts'
import { compareTables } from '../../../src/tables/difference/compare.ts'
import { createHostMatcher } from '../../../src/config/hosts.ts'
import { createRouteMatcher } from '../../../src/config/matcher.ts'
import { findOverlaps } from '../../../src/config/overlaps.ts'
import { type EscapeName, escapeNames, escapesOf } from '../../../src/config/request/escapes.ts'
import { ruleNumbers } from '../../../src/config/same-rule.ts'
import { parseTemplate, type Segment } from '../../../src/config/template.ts'
import { withoutLastSlash } from '../../../src/config/trailing-slash.ts'
import { meets, type Requirement } from '../../../src/credentials/permission.ts'

interface Line {
  readonly method: string
  readonly template: string
  readonly requirement: Requirement
  readonly disguises?: 'strict' | 'exact'
  readonly escapes?: readonly EscapeName[]
}

function apiOf(lines: readonly Line[], change: Partial<Api> = {}): Api {
  const routes = lines.map(({ method, template, requirement, disguises = 'strict', escapes = [] }) => {
    const parsed = parseTemplate(template)
    if (!parsed.ok) throw new Error(parsed.message)
    const source = `${method} ${template} ${JSON.stringify(requirement)} ${disguises} ${escapes.join('+')}`
    const route: Route = {
      method,
      template,
      requirement,
      timeoutMs: null,
      maxBodyBytes: null,
      maxResponseBytes: null,
      responseIdleMs: null,
      rateLimits: [],
      upstream: null,
      disguises,
      escapes: escapesOf(escapes),
      source,
    }
    return { method, route, segments: parsed.segments }
  })
  const accepted = acceptedOf(routes)
  const environment = (name: 'live' | 'sandbox', host: string): ApiEnvironment => ({
    ...{ name, hosts: [host], prefix: name, upstream: name },
  })
  return {
    name: 'api',
    credential: { header: 'X-Api-Key', bearer: false, fields: ['X-Api-Key'], fieldList: 'X-Api-Key' },
    environments: [environment('live', 'live.example'), environment('sandbox', 'sandbox.example')],
    permissions: new Map(['p', 'q', 'r'].map((name) => [name, name])),
    staleLimitMs: 1,
    legacyKeys: false,
    cors: 'off',
    forwardAuthorization: false,
    timeoutMs: null,
    trailingSlash: 'strict',
    docs: null,
    stripPrefix: '',
    rateLimits: [],
    quotas: [],
    routes: accepted.map(({ route }) => route),
    matchRoute: createRouteMatcher(accepted),
    ...change,
  }
}

/** The same routes for an API to which a last slash means nothing. */
function sameSlashApiOf(lines: readonly Line[]): Api {
  const bare = lines.map((one) => ({ ...one, template: withoutLastSlash(one.template) }))
  const byName = new Map(bare.map((one) => [`${one.method} ${one.template}`, one]))
  const api = apiOf([...byName.values()], { trailingSlash: 'same' })
  return { ...api, matchRoute: (method, path) => api.matchRoute(method, withoutLastSlash(path)) }
}

function acceptedOf<
  R extends { readonly method: string; readonly route: Route; readonly segments: readonly Segment[] },
>(routes: readonly R[]): (R & { readonly rule: number })[] {
  const numbers = ruleNumbers(routes.map(({ route }) => route))
  let accepted = routes.map((route, index) => ({ ...route, rule: numbers[index] ?? -1 }))
  for (let clashes = findOverlaps(accepted); clashes.length > 0; clashes = findOverlaps(accepted)) {
    const clashing = new Set(clashes.map(([later]) => later))
    accepted = accepted.filter((route) => !clashing.has(route))
  }
  return accepted
}

function tableOf(...apis: Api[]): Table {
  const byName = new Map(apis.map((api) => [api.name, api]))
  const escapes = apis.flatMap(({ routes }) => routes).reduce((set, route) => set | route.escapes, 0)
  const shared = { sha256: '', plans: new Set<string>(), prefixes: [], maxStaleLimitMs: 1, escapes }
  return { ...shared, apis: byName, matchHost: createHostMatcher(apis) }
}

function line(text: string): Line {
  const [head = '', required = ''] = text.split(': ')
  const [method = '', template = ''] = head.split(' ')
  if (required === 'public') return { method, template, requirement: { kind: 'public' } }
  const kind = required.includes('|') ? 'any' : 'all'
  return { method, template, requirement: { kind, permissions: required.split(/[|&]/) } }
}

function compare(before: readonly string[], after: readonly string[]): Change[] {
  return compareTables(tableOf(apiOf(before.map(line))), tableOf(apiOf(after.map(line))))
}

function show(changes: readonly Change[]): string[] {
  return changes.map(({ kind, method, path, permissions }) => {
    return `${kind} ${method} ${path} ${permissions === null ? 'anyone' : permissions.join('&')}`
  })
}

t.test('a requirement that changes opens for some and closes for others, opened first', async (t) => {
  t.strictSame(show(compare(['GET /a: p'], ['GET /a: q'])), ['opened GET /a q', 'closed GET /a p'])
  t.strictSame(show(compare(['GET /a: p&q'], ['GET /a: p'])), ['opened GET /a p'])
  t.strictSame(show(compare(['GET /a: p'], ['GET /a: p&q'])), ['closed GET /a p'])
  t.strictSame(show(compare(['GET /a: p|q'], ['GET /a: p&q'])), ['closed GET /a p', 'closed GET /a q'])
  t.strictSame(show(compare(['GET /a: p'], ['GET /a: public'])), ['opened GET /a anyone'])
  t.strictSame(show(compare(['GET /a: public'], ['GET /a: p'])), ['closed GET /a anyone'])
  t.strictSame(show(compare(['GET /a: p'], ['GET /a: p'])), [])
})

t.test('a removed narrower route opens what the wider one lets pass', async (t) => {
  const wide = 'GET /x/{id}: p'
  const changes = compare([wide, 'GET /x/secret: q'], [wide])
  t.strictSame(show(changes), ['opened GET /x/secret p', 'closed GET /x/secret q'])
  t.match(changes[0], {
    before: { route: { template: '/x/secret' } },
    after: { route: { template: '/x/{id}' } },
  })
})

t.test('a literal of another method guards its disguises: with it gone they open', async (t) => {
  const changes = compare(['GET /x/{id}: p', 'POST /x/secret: q'], ['GET /x/{id}: p'])
  t.strictSame(show(changes), ['opened GET /x/%73ecret p', 'closed POST /x/secret q'])
  t.equal(changes[0]?.before.refusal, 'INVALID_PATH')
})

t.test('a route that becomes exact opens for what only strict ones refuse', async (t) => {
  const [strict, exact] = (['strict', 'exact'] as const).map((disguises) =>
    tableOf(apiOf([{ ...line('GET /x/{id}: p'), disguises }, line('GET /x/secret: q')])),
  )
  if (!strict || !exact) throw new Error('both are made')
  t.strictSame(show(compareTables(strict, exact)), ['opened GET /x/secret.x p'])
  t.strictSame(show(compareTables(exact, strict)), ['closed GET /x/secret.x p'])
  t.strictSame(show(compareTables(exact, exact)), [])
  const gone = tableOf(apiOf([{ ...line('GET /x/{id}: p'), disguises: 'exact' }]))
  t.strictSame(show(compareTables(exact, gone)), ['opened GET /x/secret p', 'closed GET /x/secret q'])
})

t.test('a route that takes an escape opens for paths with it', async (t) => {
  const taking = (escapes: readonly EscapeName[]) =>
    tableOf(apiOf([{ ...line('GET /x/{id}/{path...}: p'), escapes }]))
  t.strictSame(show(compareTables(taking([]), taking(['hash']))), ['opened GET /x/x%23/x p'])
  t.strictSame(show(compareTables(taking(['hash']), taking(['percent']))), [
    'opened GET /x/x%25/x p',
    'closed GET /x/x%23/x p',
  ])
  t.match(compareTables(taking(['question']), taking([])), [
    { kind: 'closed', before: { refusal: null }, after: { refusal: 'INVALID_PATH' } },
  ])
  t.strictSame(compareTables(taking(['hash', 'percent']), taking(['percent', 'hash'])), [])
})

t.test('an action comes and goes with all that could be read as it', async (t) => {
  const [wide, action] = ['POST /x/{id}: p', 'POST /x/{id}:refund: q']
  t.strictSame(show(compare([wide, action], [wide])), [
    'opened POST /x/x:refund p',
    'closed POST /x/x:refund q',
  ])
  t.strictSame(show(compare([wide], [wide, action])), [
    'opened POST /x/x:refund q',
    'closed POST /x/x:refund p',
  ])
  t.strictSame(show(compare(['GET /x/{id}: p'], ['GET /x/{id}: p', action])), [
    'opened POST /x/x:refund q',
    'closed GET /x/:refund p',
  ])
  t.strictSame(show(compare([wide, action], [wide, 'POST /x/{id}:refund: p'])), [
    'opened POST /x/x:refund p',
    'closed POST /x/x:refund q',
  ])
  t.strictSame(show(compare([action], [action])), [])
})

t.test('a value of several templates at once is compared as what the table makes of it', async (t) => {
  const routes = ['GET /x/a-{id}: p', 'GET /x/{id}.json: q']
  t.strictSame(show(compare(routes, [...routes, 'GET /x/a-{id}.json: r'])), [
    'opened GET /x/a-x.json r',
    'closed GET /x/a-x.json q',
  ])
})

t.test('a table of actions is compared in seconds', { timeout: 60_000 }, async (t) => {
  const lines = Array.from({ length: 300 }, (_, n) => `POST /v1/orders/{id}:action${n}: p`)
  const start = Date.now()
  const [first, ...closed] = show(compare(lines, [...lines, 'POST /v1/orders/{id}:x: q']))
  t.equal(first, 'opened POST /v1/orders/z:x q')
  t.ok(
    closed.every((change) => /^closed POST \/v1\/orders\/z%3ax\.x:action\d+ p$/.test(change)),
    'what could be read as it',
  )
  t.ok(Date.now() - start < 20_000, `${Date.now() - start} ms`)
})

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

const methodsTried = ['GET', 'HEAD', 'POST']
const values = ['a', 'b', 'A', '%61', '%62', 'B', 'c']
const escaped = [
  'c%23',
  'a%23',
  'A%3fc',
  'c%25',
  '%2561',
  'a.a%3f',
  'c%23%25',
  'b%25%23.a',
  '%23',
  '%3fb',
  'c%253f',
]
const aroundParameters = [
  ...[
    'c:a',
    'c%3Aa',
    'c%3a%61',
    'c:A',
    'c:a.',
    'c:a.b',
    'c%EF%BC%9Aa',
    'ca',
    'c%61',
    'a:c',
    'A:c',
    'a%3Ac',
    '%61:c',
    'ac',
  ],
  ...['c.a', 'c%2Ea', 'c.c', 'a:a', 'a::a', 'a:c:a', 'A:c%3Aa', 'aa', 'a.c', 'c%23:a', 'a:c%23', 'a%3a'],
]
const endings = ['a.a', 'A.A', 'a.b', 'b.', 'a%20', '%EF%BD%81', 'b.c.', 'a.a.c', '%EF%BD%81.a', '%20']
const paths = [
  '/',
  ...values.flatMap((one) => [
    `/${one}`,
    `/${one}/`,
    ...values.flatMap((two) => [`/${one}/${two}`, `/${one}/${two}/`]),
  ]),
  ...values.flatMap((one) =>
    values.flatMap((two) => ['a', '%61', 'c'].map((three) => `/${one}/${two}/${three}`)),
  ),
  ...[...endings, ...escaped, ...aroundParameters].flatMap((one) => [
    `/${one}`,
    `/${one}/`,
    `/${one}/a`,
    `/a/${one}`,
    `/c/${one}/a`,
    `/a/c/${one}`,
  ]),
]
const subsets: (readonly string[] | null)[] = [null, [], ['p'], ['q'], ['p', 'q'], ['p', 'q', 'r']]

function passes(api: Api, method: string, path: string, held: readonly string[] | null): boolean {
  const match = api.matchRoute(method, path)
  if (match.kind !== 'found') return false
  const { requirement } = match.route
  return requirement.kind === 'public' || (held !== null && meets(requirement, new Set(held)))
}

/** Whether a change tells of this decision. */
function tells(change: Change, kind: Change['kind'], { method, held, deciding }: Decided): boolean {
  const route = (kind === 'opened' ? change.after : change.before).route
  const isWho =
    change.permissions === null || (held !== null && change.permissions.every((name) => held.includes(name)))
  const isMethod = change.method === method || (method === 'HEAD' && change.method === 'GET')
  return change.kind === kind && isMethod && isWho && route === deciding
}

interface Decided {
  readonly method: string
  readonly held: readonly string[] | null
  readonly deciding: Route | undefined
}

function checkAgainstBruteForce(before: Api, after: Api): void {
  const changes = compareTables(tableOf(before), tableOf(after))
  for (const { kind, method, path, permissions } of changes) {
    const [refusing, accepting] = kind === 'opened' ? [before, after] : [after, before]
    const isTrue =
      !passes(refusing, method, path, permissions) && passes(accepting, method, path, permissions)
    if (!isTrue) throw new Error(`${kind} ${method} ${path} ${String(permissions)} is not so`)
  }
  for (const method of methodsTried) {
    for (const path of paths) {
      for (const held of subsets) {
        const [old, now] = [passes(before, method, path, held), passes(after, method, path, held)]
        if (old === now) continue
        const kind = now ? 'opened' : 'closed'
        const match = (now ? after : before).matchRoute(method, path)
        const deciding = match.kind === 'found' ? match.route : undefined
        if (!changes.some((change) => tells(change, kind, { method, held, deciding })))
          throw new Error(
            `${kind} ${method} ${path} ${String(held)} is not told: ${show(changes).join('; ')}`,
          )
      }
    }
  }
}

const segment = fc.oneof(
  fc.constantFrom('a', 'b', 'A', 'a.a', '{p}', '{p}'),
  fc.constantFrom('{p}:a', '{p}a', 'a{p}', 'a:{p}', '{p}.a', 'a:{p}:a', '{p}.{q}'),
)
const template = fc
  .tuple(fc.array(segment, { maxLength: 2 }), fc.constantFrom('', '/', '/{rest...}', '/a'))
  .map(
    ([parts, end]) =>
      parts.map((text, index) => `/${text.replace(/\{(\w)/g, `{$1${index}`)}`).join('') + end || '/',
  )
const requirement: fc.Arbitrary<Requirement> = fc.constantFrom<Requirement>(
  { kind: 'public' },
  { kind: 'all', permissions: ['p'] },
  { kind: 'all', permissions: ['q'] },
  { kind: 'all', permissions: ['p', 'q'] },
  { kind: 'any', permissions: ['p', 'q'] },
)
const disguises = fc.constantFrom('strict' as const, 'strict' as const, 'exact' as const)
const escapes = fc.oneof(fc.constant<EscapeName[]>([]), fc.subarray([...escapeNames]))
const oneLine = fc.record({
  method: fc.constantFrom(...methodsTried),
  template,
  requirement,
  disguises,
  escapes,
})
const lines = fc.uniqueArray(oneLine, {
  maxLength: 6,
  selector: ({ method, template: path }) => `${method} ${path}`,
})

t.test(
  'what opens and closes is what brute force finds, on random tables',
  { timeout: 120_000 },
  async (t) => {
    const unrelated = fc.property(lines, lines, (old, now) => checkAgainstBruteForce(apiOf(old), apiOf(now)))
    fc.assert(unrelated, { numRuns: 100 })
    // Tables that differ in one route: the common case, and the one where a single miss shows.
    const edited = fc.property(lines, fc.nat(), requirement, (old, at, other) => {
      const index = at % Math.max(1, old.length)
      const removed = old.filter((_, position) => position !== index)
      const changed = old.map((one, position) => (position === index ? { ...one, requirement: other } : one))
      checkAgainstBruteForce(apiOf(old), apiOf(removed))
      checkAgainstBruteForce(apiOf(removed), apiOf(old))
      checkAgainstBruteForce(apiOf(old), apiOf(changed))
      const turned = old.map((one, position) =>
        position === index
          ? { ...one, disguises: one.disguises === 'exact' ? ('strict' as const) : ('exact' as const) }
          : one,
      )
      checkAgainstBruteForce(apiOf(old), apiOf(turned))
      const opened = old.map((one, position) =>
        position === index
          ? { ...one, escapes: escapeNames.filter((name) => !one.escapes.includes(name)) }
          : one,
      )
      checkAgainstBruteForce(apiOf(old), apiOf(opened))
    })
    fc.assert(edited, { numRuns: 100 })
    // What a last slash means is changed, or means nothing to both.
    const slashes = fc.property(lines, lines, (old, now) => {
      checkAgainstBruteForce(apiOf(old), sameSlashApiOf(old))
      checkAgainstBruteForce(sameSlashApiOf(old), apiOf(old))
      checkAgainstBruteForce(sameSlashApiOf(old), sameSlashApiOf(now))
      checkAgainstBruteForce(sameSlashApiOf(old), apiOf(now))
    })
    fc.assert(slashes, { numRuns: 100 })
    t.pass('1,000 pairs of tables')
  },
)
