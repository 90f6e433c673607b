import t from 'tap'
import { deny } from '../../src/errors/denial.ts'
import type { Access } from '../../src/gateway/access.ts'
import { createRecorder } from '../../src/gateway/record.ts'
import { createMetrics } from '../../src/telemetry/metrics.ts'
import { accessOf, loadDemo, principalOf } from './subject.ts'

const config = await loadDemo()

/** Records requests one after another; the text of the last one's line, and what it says. */
function recorder() {
  let text = ''
  const metrics = createMetrics()
  const record = createRecorder({
    lines: (line) => {
      text = line
    },
    metrics,
    activity: { count: () => {}, flush: async () => {}, stop: () => {}, waiting: () => 0 },
  })
  const lineOf = (of: Partial<Access>) => {
    record(Object.assign(accessOf(config), of))
    return { text, said: JSON.parse(`{${text}}`) }
  }
  return { lineOf, metrics }
}

const { lineOf } = recorder()

void t.test('times are numbers of milliseconds, to three places', async (t) => {
  for (const [upstreamMs, written] of [
    [0, '0'],
    [7, '7'],
    [0.0004, '0'],
    [0.0006, '0.001'],
    [1.5, '1.500'],
    [12.345_678, '12.346'],
    [999.9996, '1000'],
    [30_000.02, '30000.020'],
  ] as const) {
    const { text, said } = lineOf({ upstreamMs, status: 200, startedAt: performance.now() - 40_000 })
    t.match(text, `"upstream_ms":${written},`)
    t.equal(said.upstream_ms, Math.round(upstreamMs * 1_000) / 1_000)
    t.ok(said.gateway_ms > 0)
  }
})

void t.test('a time below nothing is nothing', async (t) => {
  const { said } = lineOf({ status: 200, startedAt: performance.now(), upstreamMs: 60_000 })
  t.equal(said.gateway_ms, 0)
})

void t.test('names are JSON whatever they hold, and the line is ASCII', async (t) => {
  const merchantId = 'mer_"ü\\\n€😀'
  const { text, said } = lineOf({
    status: 403,
    principal: principalOf({ merchantId, keyId: 'key_1' }),
    denial: deny('INTERNAL_ERROR', 'stage_failed'),
    failure: new Error('größer'),
  })
  t.match(text, /^[\x20-\x7e]*$/)
  t.match(said, { merchant: merchantId, key_id: 'key_1', status: 403, reason: 'stage_failed' })
  t.match(said.failure, 'größer')
})

void t.test('outcomes of one reason are told apart by code and status', async (t) => {
  const { lineOf, metrics } = recorder()
  const outcomes = [
    [deny('BAD_REQUEST', 'content_length'), 400],
    [deny('BODY_TOO_LARGE', 'content_length'), 413],
    [deny('BAD_REQUEST', 'content_length'), 408],
    [deny('INVALID_PATH', 'content_length'), 400],
  ] as const
  for (let round = 0; round < 2; round++) {
    for (const [denial, status] of outcomes) {
      const { said } = lineOf({ denial, status })
      t.match(said, { code: denial.code, reason: 'content_length', status })
    }
  }
  const counted = (await metrics.text([])).matchAll(/reason="content_length",status="(\d+)"\} (\d+)/g)
  // The metric does not name the code.
  t.same([...counted].map(([, status, count]) => `${status} ${count}`).toSorted(), [
    '400 4',
    '408 2',
    '413 2',
  ])
})

void t.test('two APIs that share a permission file are told apart, whichever was asked first', async (t) => {
  const { lineOf, metrics } = recorder()
  const [first, second] = config.table.apis.values()
  const route = first?.routes[0]
  if (first === undefined || second === undefined || route === undefined) throw new Error('no two APIs')
  const hostOf = (api: typeof first) => {
    const [environment] = api.environments
    if (environment === undefined) throw new Error('no environment')
    return { api, environments: [environment] as const }
  }
  for (let round = 0; round < 2; round++) {
    for (const api of [first, second, { ...first, name: 'third' }]) {
      const { said } = lineOf({ host: hostOf(api), route, status: 200 })
      t.match(said, { api: api.name, route: `${route.method} ${route.template}` })
    }
  }
  const text = await metrics.text([])
  for (const name of [first.name, second.name, 'third'])
    t.match(text, new RegExp(`latchkey_requests_total\\{api="${name}"[^}]*\\} 2`), name)
})
