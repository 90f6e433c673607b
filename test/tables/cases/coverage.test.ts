import { join } from 'node:path'
import t from 'tap'
import { coverageOf } from '../../../src/tables/cases/coverage.ts'
import { readCases } from '../../../src/tables/cases/read-cases.ts'
import { runCases } from '../../../src/tables/cases/run-cases.ts'
import { loadConfig } from '../../../src/config/load.ts'
import { gatewayYaml } from '../../config/files.ts'

const table = `permissions: { a: A, b: B, c: C }
routes:
  GET /public: public
  GET /one: a
  GET /all: { all_of: [a, b] }
  GET /any: { any_of: [a, b] }
`

/** What no case touches, a line a gap: `GET /one granted a`. */
async function gaps(t: { testdir(files: Record<string, string>): string }, ...cases: string[]) {
  const entries = cases.map((text) =>
    `- { request: GET ${text}, expect: {} }\n`.replace('{}', '{ decision: allow }'),
  )
  const folder = t.testdir({
    'gateway.yaml': gatewayYaml,
    'table.yaml': table,
    'cases.yaml': entries.join(''),
  })
  const loaded = await loadConfig(join(folder, 'gateway.yaml'), {})
  if (!loaded.ok) throw new Error('the table is valid')
  const read = await readCases(join(folder, 'cases.yaml'), loaded.config)
  if (!read.ok) throw new Error(JSON.stringify(read.faults))
  const coverage = coverageOf(loaded.config, runCases(loaded.config, read.cases))
  return coverage.gaps.map(({ route, kind, permission = '' }) => `${route} ${kind} ${permission}`.trim())
}

t.test('each permission has to open the route, and its want to shut it', async (t) => {
  t.strictSame(await gaps(t, '/public'), [
    'GET /one granted a',
    'GET /one refused a',
    'GET /all granted a',
    'GET /all granted b',
    'GET /all refused a',
    'GET /all refused b',
    'GET /any granted a',
    'GET /any granted b',
    'GET /any refused',
  ])
  const all = [
    ...['/public', '/one, who: [a]', '/one, who: [b, c]'],
    ...['/all, who: [a, b]', '/all, who: [a]', '/all, who: [b, c]'],
    ...['/any, who: [a]', '/any, who: [b, c]', '/any, who: [c]'],
  ]
  t.strictSame(await gaps(t, ...all), [])
})

t.test('a case that would pass for another reason too makes no check', async (t) => {
  const found = await gaps(t, '/public, who: [a]', '/one', '/all, who: []', '/any, who: all')
  for (const gap of ['GET /public public', 'GET /one refused a', 'GET /all refused a', 'GET /any granted a'])
    t.ok(found.includes(gap), gap)
})
