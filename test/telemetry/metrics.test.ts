import t from 'tap'
import { createMetrics } from '../../src/telemetry/metrics.ts'

const seen = {
  api: 'flintn',
  environment: 'live',
  route: 'GET /v1/transactions/{id}',
  decision: 'allow',
  reason: '',
  status: 200,
}

t.test('a request is counted, and its time parted between gateway and upstream', async (t) => {
  const metrics = createMetrics()
  const series = metrics.requests(seen)
  series.observe(2, 40)
  series.observe(0.4, 40)
  metrics.requests({ ...seen, decision: 'deny', reason: 'revoked', status: 401 }).observe(60_000, undefined)
  const text = await metrics.text()
  t.match(text, /^latchkey_requests_total\{.*decision="allow".*status="200"\} 2$/m)
  t.match(text, /^latchkey_requests_total\{.*reason="revoked".*status="401"\} 1$/m)
  t.match(text, 'latchkey_gateway_seconds_count{api="flintn"} 3')
  t.match(text, 'latchkey_upstream_seconds_count{api="flintn"} 2')
  t.match(text, 'latchkey_upstream_seconds_sum{api="flintn"} 0.08')
  t.match(text, '# TYPE latchkey_gateway_seconds histogram')
  t.match(text, 'latchkey_client_seconds_bucket{le="0.0001",api="flintn"} 3')
  for (const [bound, count] of Object.entries({
    0.0001: 0,
    0.0005: 1,
    0.001: 1,
    0.0025: 2,
    30: 2,
    60: 3,
    120: 3,
    '+Inf': 3,
  }))
    t.match(text, `latchkey_gateway_seconds_bucket{le="${bound}",api="flintn"} ${count}\n`)
  t.match(await metrics.text(), /^latchkey_requests_total\{.*status="200"\} 2$/m, 'and counted once')
})

t.test('the figures of several processes are one', async (t) => {
  const [one, two] = [createMetrics(), createMetrics()]
  one.requests(seen).observe(2, 40)
  two.requests(seen).observe(3, 40)
  two.requests({ ...seen, api: 'flint' }).observe(3, 40)
  const text = await one.text([await two.part()])
  t.match(text, 'latchkey_gateway_seconds_bucket{le="0.005",api="flintn"} 2')
  t.match(text, 'latchkey_gateway_seconds_count{api="flintn"} 2')
  t.match(text, 'latchkey_gateway_seconds_count{api="flint"} 1')
})

t.test('look-ups are counted by tier and outcome; only those that waited are timed', async (t) => {
  const metrics = createMetrics()
  metrics.lookup('memory', 'known', 0)
  metrics.lookup('memory', 'known', 0)
  metrics.lookup('postgres', 'unknown', 5)
  const text = await metrics.text()
  t.match(text, 'latchkey_lookups_total{tier="memory",outcome="known"} 2')
  t.match(text, 'latchkey_lookup_seconds_count{tier="postgres"} 1')
  t.notMatch(text, 'latchkey_lookup_seconds_count{tier="memory"}')
})

t.test('what others count is read at each scrape', async (t) => {
  const [one, two] = [createMetrics(), createMetrics()]
  let count = 3
  one.counter('latchkey_log_lines_dropped_total', 'Dropped', () => count)
  two.counter('latchkey_log_lines_dropped_total', 'Dropped', () => 2)
  t.match(await one.text(), /^latchkey_log_lines_dropped_total 3$/m)
  count = 4
  t.match(await one.text([await two.part()]), /^latchkey_log_lines_dropped_total 6$/m)
})

t.test('what was refused or dropped is counted from nought', async (t) => {
  const metrics = createMetrics()
  t.match(await metrics.text(), /^latchkey_cache_rejected_total 0$/m)
  metrics.cacheRejected()
  metrics.activityDropped()
  const text = await metrics.text()
  t.match(text, /^latchkey_cache_rejected_total 1$/m)
  t.match(text, /^latchkey_activity_dropped_total 1$/m)
})

t.test('a gauge is read at each scrape', async (t) => {
  const metrics = createMetrics()
  let rows = 1
  metrics.gauge('latchkey_test', 'Test', () => ({ rows }))
  t.match(await metrics.text(), 'latchkey_test{of="rows"} 1')
  rows = 7
  t.match(await metrics.text(), 'latchkey_test{of="rows"} 7')
})

t.test('a counter by reason is told as 0 before the first, so that its first rise is seen', async (t) => {
  const metrics = createMetrics()
  const text = await metrics.text()
  t.match(text, 'latchkey_connections_cut_total{reason="unread_bytes"} 0')
  t.match(text, 'latchkey_connections_refused_total{reason="proxy_header_missing"} 0')
  t.match(text, 'latchkey_refusals_held_total{reason="unasked"} 0')
  t.match(text, 'latchkey_admin_refused_total{reason="admin_token_wrong"} 0')
  t.match(text, 'latchkey_tls_handshakes_failed_total{reason="certificate_refused"} 0')
  metrics.adminRefused('admin_token_wrong')
  t.match(await metrics.text(), 'latchkey_admin_refused_total{reason="admin_token_wrong"} 1')
})

const gone = { ...seen, route: 'GET /old' }
const tableOf = (...routes: string[]) => new Map([['flintn', new Set(routes)]])

t.test(
  'the labels of a route that is gone go with the next table, and what it counted is read before',
  async (t) => {
    const metrics = createMetrics()
    metrics.table(tableOf(seen.route, gone.route))
    metrics.requests(seen).observe(2, 40)
    const series = metrics.requests(gone)
    series.observe(2, 40)
    metrics.shadow({ api: 'flintn', route: 'GET /old', decision: 'allow', candidate: 'ROUTE_NOT_FOUND' })
    metrics.table(tableOf(seen.route))
    // One that began under the table before.
    series.observe(2, 40)
    t.match(await metrics.text(), /^latchkey_requests_total\{.*"GET \/old".*\} 2$/m)
    metrics.table(tableOf(seen.route))
    const text = await metrics.text()
    t.notMatch(text, 'GET /old')
    t.match(text, /^latchkey_requests_total\{.*"GET \/v1\/transactions\/\{id\}".*\} 1$/m)
  },
)

t.test('a route that comes back is counted again, as are requests of no route and no API', async (t) => {
  const metrics = createMetrics()
  metrics.table(tableOf(gone.route))
  metrics.requests(gone).observe(2, 40)
  await metrics.text()
  for (let i = 0; i < 4; i++) metrics.table(tableOf())
  metrics.table(tableOf(gone.route))
  metrics.requests(gone).observe(2, 40)
  metrics.requests({ ...seen, route: '' }).observe(2, 40)
  metrics.requests({ ...seen, api: '', route: '' }).observe(2, 40)
  const text = await metrics.text()
  t.match(text, /^latchkey_requests_total\{.*"GET \/old".*\} 1$/m)
  t.equal(text.match(/^latchkey_requests_total\{/gm)?.length, 3)
})

t.test(
  'what is counted under a series that was kept from before is counted, when its API has come back',
  async (t) => {
    const metrics = createMetrics()
    metrics.table(tableOf(gone.route))
    const series = metrics.requests({ ...seen, route: '' })
    series.observe(2, 40)
    await metrics.text()
    for (let i = 0; i < 4; i++) metrics.table(new Map())
    metrics.table(tableOf(gone.route))
    series.observe(2, 40)
    metrics.requests({ ...seen, route: '' }).observe(2, 40)
    t.match(await metrics.text(), /^latchkey_requests_total\{.*route="".*\} 2$/m)
  },
)

t.test('the histograms of an API that is gone go too', async (t) => {
  const metrics = createMetrics()
  metrics.table(tableOf(seen.route))
  metrics.requests(seen).observe(2, 40)
  metrics.table(new Map())
  t.match(await metrics.text(), 'latchkey_gateway_seconds_count{api="flintn"} 1')
  metrics.table(new Map())
  t.notMatch(await metrics.text(), 'flintn')
})

t.test('two programs in one process do not share their figures', async (t) => {
  const one = createMetrics()
  const two = createMetrics()
  one.cacheRejected()
  t.match(await two.text(), /^latchkey_cache_rejected_total 0$/m)
})

t.test('the text is what Prometheus reads: a type and a help for each metric', async (t) => {
  const metrics = createMetrics()
  metrics.requests(seen).observe(2, 40)
  const text = await metrics.text()
  t.match(metrics.contentType, /^text\/plain; version=0\.0\.4/)
  const names = new Set(
    [...text.matchAll(/^(latchkey_[a-z_]+?)(?:_bucket|_sum|_count)?[{ ]/gm)].map(([, name]) => name),
  )
  for (const name of names) t.match(text, new RegExp(`^# HELP ${name}.*\\n# TYPE ${name}`, 'm'))
  t.ok(names.size > 5)
})
