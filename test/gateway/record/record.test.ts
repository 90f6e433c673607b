import t from 'tap'
import type { RateLimit } from '../../../src/config/compiled.ts'
import type { LogPaths } from '../../../src/config/log-schema.ts'
import { allowanceOf } from '../../../src/config/rate-limits.ts'
import { Secret, sampleKey } from '../../../src/credentials/secret.ts'
import { deny } from '../../../src/errors/denial.ts'
import type { Access } from '../../../src/gateway/access.ts'
import { lineFields } from '../../../src/gateway/record/line-fields.ts'
import { createRecorder } from '../../../src/gateway/record/record.ts'
import { createMetrics } from '../../../src/telemetry/metrics.ts'
import { accessOf, headOf, loadDemo, principalOf, rawOf } from '../subject.ts'

const config = await loadDemo()

/** Records requests one after another; the text of the last one's line, and what it says. */
function recorder(paths: LogPaths = 'unmatched') {
  let text = ''
  const taken: string[] = []
  const metrics = createMetrics()
  const record = createRecorder({
    lines: (line) => {
      text = line
    },
    metrics,
    addresses: { note: () => {}, flush: async () => {}, stop: () => {} },
    activity: { count: () => {}, flush: async () => {}, stop: () => {}, waiting: () => 0 },
    requests: {
      take: (access) => void taken.push(access.requestId),
      flush: async () => {},
      stop: () => {},
      notKept: () => 0,
      waiting: () => 0,
    },
    live: { isWanted: false, take: () => {}, want: () => {}, stop: () => {} },
    logPaths: () => paths,
  })
  const lineOf = (of: Partial<Access>) => {
    record(Object.assign(accessOf(config), of))
    return { text, said: JSON.parse(`{${text}}`) }
  }
  return { lineOf, metrics, taken }
}

const unlimited = { limit: undefined, retryAfterSeconds: 0, policy: '', state: '' }

function limitNamed(name: string): RateLimit {
  const allowance = allowanceOf('1/h', null)
  return { api: 'flintn', name, per: 'key', allowance, ofPlans: new Map(), isShadow: false }
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

void t.test('what was nobody else’s time is ours', async (t) => {
  const now = performance.now()
  const of = { status: 200, startedAt: now - 1_000, upstreamMs: 300, clientMs: 200, heldMs: 100 }
  const { said } = lineOf(of)
  t.match(said, { upstream_ms: 300, client_ms: 200, held_ms: 100 })
  t.ok(said.gateway_ms >= 400 && said.gateway_ms < 900, `${said.gateway_ms}`)
  // What still goes on when it is over counts until then.
  const late = lineOf({ ...of, clientSince: now - 250, heldSince: now - 50, heldMs: 0 })
  t.ok(late.said.client_ms >= 450 && late.said.held_ms >= 50)
  t.notOk('client_ms' in lineOf({ status: 200 }).said)
})

void t.test('how it ended is one of its labels, and of its line', async (t) => {
  const { lineOf, metrics } = recorder()
  for (let round = 0; round < 2; round++) {
    t.match(lineOf({ status: 0, cut: 'client' }).said, { decision: 'none', status: 0, cut: 'client' })
    t.match(lineOf({ status: 200, isLetThrough: true, cut: 'upstream' }).said, {
      decision: 'allow',
      cut: 'upstream',
    })
    t.equal(lineOf({ status: 200, isLetThrough: true }).said.cut, undefined)
  }
  const counted = [...(await metrics.text([])).matchAll(/^latchkey_requests_total\{(.*)\} (\d+)$/gm)]
  t.same(
    counted.map(([, labels = '', count]) => [/cut="(\w+)"/.exec(labels)?.[1], count]),
    [
      ['client', '2'],
      ['upstream', '2'],
      [undefined, '2'],
    ],
  )
})

void t.test('every field of a line is in the list of fields, and each of the list is written', async (t) => {
  const api = config.table.apis.get('flintn')
  const [environment] = api?.environments ?? []
  const route = api?.routes.find(({ requirement }) => requirement.kind === 'any')
  if (api === undefined || environment === undefined || route === undefined) throw new Error('no such route')
  const { said } = lineOf({
    ...{ host: { api, environments: [environment] }, environment, route, tier: 'memory', status: 403 },
    ...{ tls: ',"tls":"TLSv1.3","cipher":"TLS_AES_256_GCM_SHA384"', cut: 'client', failure: new Error('x') },
    ...{
      upstreamMs: 1,
      clientMs: 1,
      heldMs: 1,
      principal: principalOf({
        kind: 'access_token',
        token: { id: 'atk_1', userId: 'usr_1', grantId: null, jkt: null },
      }),
      denial: deny('INTERNAL_ERROR', 'stage_failed'),
      spent: { ...unlimited, limit: limitNamed('default') },
      upstream: 'payments',
      credential: new Secret(sampleKey('pk_live_')),
      head: headOf(rawOf({ fields: [`traceparent: 00-${'a'.repeat(32)}-${'b'.repeat(16)}-01`] })),
    },
  })
  t.equal(said.limit, 'default')
  const other = lineOf({ status: 404, denial: deny('ROUTE_NOT_FOUND', 'route_not_found') }).said
  // Those of any line of the program (telemetry/log.ts).
  const ofAll = ['level', 'time', 'msg']
  const written = new Set([...Object.keys(said), ...Object.keys(other), ...ofAll])
  t.same([...written].toSorted(), Object.keys(lineFields).toSorted())
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
    [{ code: 'INVALID_PATH', reason: 'content_length' }, 400],
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
