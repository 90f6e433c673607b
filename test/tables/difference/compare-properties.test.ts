// What a comparison tells, held against every request on both tables.

import * as fc from 'fast-check'
import t from 'tap'
import type { Api, Route } from '../../../src/config/compiled.ts'
import type { Change } from '../../../src/tables/difference/change.ts'
import { compareTables } from '../../../src/tables/difference/compare.ts'
import { type EscapeName, escapeNames } from '../../../src/config/request/escapes.ts'
import { meets, type Requirement } from '../../../src/credentials/permission.ts'
import { apiOf, sameSlashApiOf, show, tableOf } from './compared-tables.ts'

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
