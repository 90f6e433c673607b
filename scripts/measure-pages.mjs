// How long the admin API takes for what the hub's pages ask, over HTTP, in milliseconds: on a control plane over a database of
// `scripts/seed.mjs`. `LATCHKEY_URL=http://127.0.0.1:8081 LATCHKEY_TOKEN=… node scripts/measure-pages.mjs [calls of each]`.
import process from 'node:process'

const { LATCHKEY_URL: address, LATCHKEY_TOKEN: token } = process.env
if (address === undefined || token === undefined)
  throw new Error('LATCHKEY_URL and LATCHKEY_TOKEN are not set')
const times = Number(process.argv[2] ?? 100)

async function call(path) {
  const answer = await fetch(`${address}/admin/v1${path}`, { headers: { authorization: `Bearer ${token}` } })
  const body = await answer.json()
  if (answer.status !== 200) throw new Error(`${path}: ${answer.status} ${JSON.stringify(body)}`)
  return body
}

const day = 86_400_000
const now = Date.now()
const iso = (ms) => new Date(ms).toISOString()
const since = `since=${iso(now - 90 * day)}`
const mer = 'mer_0' + '17'.padStart(20, '0')
const keyId = 'key_0' + '99984'.padStart(20, '0')
const firstUsed = await call('/keys?limit=50&sort=-last_used')
const pages = {
  merchants: '/merchants?limit=50',
  'merchants, sorted by name': '/merchants?limit=50&sort=name',
  keys: '/keys?limit=50',
  ...Object.fromEntries(
    ['created', 'name', '-name', 'expires', '-expires', 'last_used', '-last_used'].map((s) => [
      `keys, ${s}`,
      `/keys?limit=50&sort=${s}`,
    ]),
  ),
  'keys, -last_used, next page': `/keys?limit=50&sort=-last_used&cursor=${firstUsed.next_cursor}`,
  'keys, -last_used, disabled': `/keys?limit=50&sort=-last_used&status=disabled`,
  'keys, older than 90 d': '/keys?limit=50&older_than=90d',
  'keys, unused for 90 d': '/keys?limit=50&unused_for=90d',
  'keys, expiring in 14 d': '/keys?limit=50&expires_within=14d',
  'keys, search': '/keys?limit=50&q=Refund+desk',
  'keys, last four': `/keys?limit=50&last4=${firstUsed.data[0].secrets[0].last4}`,
  'keys of a merchant': `/keys?limit=50&merchant_id=${mer}`,
  'a key': `/keys/${keyId}`,
  'a key: permissions': `/keys/${keyId}/permissions`,
  'a key: 30 days': `/activity/series?step=day&key_id=${keyId}&since=${iso(now - 30 * day)}`,
  'activity by merchant, 90 d': `/activity?by=merchant&limit=50&${since}`,
  'activity by key, 90 d': `/activity?by=key&limit=50&${since}`,
  'activity by merchant, 30 d': `/activity?by=merchant&limit=50&since=${iso(now - 30 * day)}`,
  'activity by key, 7 d': `/activity?by=key&limit=50&since=${iso(now - 7 * day)}`,
  'activity by key, 24 h': `/activity?by=key&limit=50`,
  ...Object.fromEntries(
    ['api', 'environment', 'route', 'outcome', 'day'].map((by) => [
      `activity by ${by}, 90 d`,
      `/activity?by=${by}&limit=50&${since}`,
    ]),
  ),
  'activity of a merchant by key, 90 d': `/activity?by=key&limit=50&merchant_id=${mer}&${since}`,
  'activity of a merchant by route, 90 d': `/activity?by=route&limit=50&merchant_id=${mer}&${since}`,
  'series by day, 90 d': `/activity/series?step=day&${since}`,
  'series by hour, 30 d': `/activity/series?step=hour&since=${iso(now - 30 * day)}`,
  'series of a merchant, 90 d': `/activity/series?step=day&merchant_id=${mer}&${since}`,
  'latency by day, 90 d': `/activity/latency?step=day&${since}`,
  'latency by five minutes, 2 d': `/activity/latency?step=five_minutes&since=${iso(now - 2 * day)}`,
  'latency of a merchant, 7 d by hour': `/activity/latency?merchant_id=${mer}&since=${iso(now - 7 * day)}`,
  'latency of a key, 90 d': `/activity/latency?step=day&key_id=${keyId}&${since}`,
  reminders: '/reminders?limit=50',
  'reminders: permissions': '/reminders/permissions?limit=50',
  requests: '/requests?limit=50',
  audit: '/audit?limit=50',
  webhooks: '/webhooks?limit=50',
  clients: '/clients?limit=50',
  instances: '/instances',
  health: '/health',
  permissions: '/permissions?with=routes',
  deny: '/deny',
  tokens: '/tokens',
}

const at = (sorted, share) => (sorted[Math.ceil(sorted.length * share) - 1] ?? 0).toFixed(1)

console.log('| asked | p50 | p95 |\n|---|---:|---:|')
for (const [name, path] of Object.entries(pages)) {
  for (let i = 0; i < 3; i++) await call(path)
  const took = []
  for (let i = 0; i < times; i++) {
    const startMs = performance.now()
    await call(path)
    took.push(performance.now() - startMs)
  }
  took.sort((a, b) => a - b)
  console.log(`| ${name} | ${at(took, 0.5)} | ${at(took, 0.95)} |`)
}
