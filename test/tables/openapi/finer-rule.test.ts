import t from 'tap'
import { finerRule } from '../../../src/tables/openapi/finer-rule.ts'
import type { ImportedRoute } from '../../../src/tables/openapi/required.ts'

interface Described {
  readonly path: string
  readonly tag?: string
  readonly method?: string
}

const routes = (all: readonly Described[]): ImportedRoute[] =>
  all.map(({ path, tag, method = 'GET' }) => ({
    operation: { method, template: path, shape: path, path, stated: undefined, tag, operationId: undefined },
    requirement: { kind: 'all', permissions: ['things.read'] },
    isBinding: false,
  }))

t.test('the coarsest rule of which no permission opens too many routes', async (t) => {
  const parts = ['left', 'right'].flatMap((part) =>
    Array.from({ length: 15 }, (_, n) => ({ path: `/things/${part}/x${n}`, tag: `t${n}` })),
  )
  t.equal(
    finerRule('things.read', routes(parts)),
    'with --rule "{resource}.{part}.{access}" it would be 2, of 15 at most: things.left.read, things.right.read',
  )
})

t.test('where every rule leaves one too many, the one that leaves the fewest', async (t) => {
  const many = Array.from({ length: 60 }, (_, n) => ({
    path: '/things/{id}',
    tag: n < 35 ? 'A' : 'B',
    method: `M${n % 2}`,
  }))
  t.match(
    finerRule('things.read', routes(many)),
    /^with --rule "\{resource\}\.\{method\}" it would be 2, of 30 at most/,
  )
})

t.test('what no rule tells apart is said to be so, and what the document states', async (t) => {
  const same = Array.from({ length: 25 }, () => ({ path: '/things/{id}' }))
  const [one] = routes(same)
  t.equal(
    finerRule(
      'things.read',
      Array.from({ length: 25 }, () => one)
        .filter((route) => route !== undefined)
        .map((route) => ({ ...route, operation: { ...route.operation, operationId: 'one' } })),
    ),
    'no rule tells its routes apart; `x-permission` does',
  )
  const stated = {
    requirement: { kind: 'all', permissions: ['things.read'] },
    isBinding: false,
    texts: new Map(),
  } as const
  const told = routes(same).map((route) => ({ ...route, operation: { ...route.operation, stated } }))
  t.match(finerRule('things.read', told), /the document itself says so for each of them/)
})
