// Contract 11: a quota over the whole program: counted in Postgres, refused on the wire, raised by the admin API.

import t from 'tap'
import { withoutPartitions } from '../support/partitions.ts'
import { startKeyedProgram } from '../support/keyed-program.ts'
import { codeOf, fieldOf } from '../support/wire.ts'

t.test('a quota on the wire', async (t) => {
  const program = await startKeyedProgram(t, {
    api: '    quotas: { monthly: { requests: 2 } }\n    rate_limits: { default: { rate: 100/h, burst: 9, per: key } }',
  })
  const { admin, merchant, send } = program
  const first = await send('GET /v1/transactions/a')
  t.match(
    withoutPartitions(fieldOf(first, 'RateLimit-Policy')),
    /^"default";q=100;w=3600, "monthly";q=2;w=2[4-6]\d{5}$/,
  )
  t.match(withoutPartitions(fieldOf(first, 'RateLimit')), /^"default";r=8;t=\d+, "monthly";r=1;t=\d+$/)
  t.equal((await send('GET /v1/transactions/a')).status, 200)
  const over = await send('GET /v1/transactions/a')
  t.same([over.status, codeOf(over)], [429, 'QUOTA_EXCEEDED'])
  t.match(fieldOf(over, 'Retry-After'), /^\d+$/)
  t.match(
    withoutPartitions(fieldOf(over, 'RateLimit')),
    /^"monthly";r=0;t=\d+$/,
    'no rate limit has counted it',
  )
  t.equal(program.live.requests.length, 2, 'nothing was forwarded')
  const line = program.log.findLast(({ code }) => code === 'QUOTA_EXCEEDED')
  t.match(line, { reason: 'quota', limit: 'monthly', decision: 'deny' })

  t.match(
    await admin.call('PATCH', `/merchants/${merchant}?wait=all`, { quotas: { monthly: { requests: 3 } } }),
    {
      status: 200,
      body: { quotas: { monthly: { requests: 3 } }, pending: [] },
    },
  )
  t.equal((await send('GET /v1/transactions/a')).status, 200)
  t.equal((await send('GET /v1/transactions/a')).status, 429)
  t.match(await admin.call('PATCH', `/merchants/${merchant}`, { quotas: { daily: { requests: 3 } } }), {
    status: 422,
  })
  const response = await fetch(`http://127.0.0.1:${program.controlPort}/metrics`)
  t.match(await response.text(), /latchkey_quotas_used_up\{[^}]*\} 1/)
})
