// Contract 11: what clients see of rate limits.

import t from 'tap'
import { withoutPartitions } from '../../support/partitions.ts'
import { startKeyedProgram } from '../../support/keyed-program.ts'
import { host } from '../../support/keyed-program.ts'
import { codeOf, fieldOf, request } from '../../support/wire.ts'
import { plainAnswer } from '../../support/upstream.ts'

const limits = `    rate_limits:
      default: { rate: 100/h, burst: 4, per: key }
      refunds: { permission: transaction.refund, rate: 20/h, burst: 1, per: merchant }
      visits: { route: GET /v1/status, rate: 2/h, per: client }`

t.test('rate limits on the wire', async (t) => {
  const program = await startKeyedProgram(t, {
    api: limits,
    answer: () =>
      plainAnswer.replace(
        'Content-Length',
        'RateLimit: "theirs";r=9;t=9\r\nratelimit-policy: "theirs";q=9;w=9\r\nX-Own: 1\r\nContent-Length',
      ),
  })
  const { send, raw } = program
  const read = (fields: readonly string[] = []) => send('GET /v1/transactions/a', fields)

  await t.test('an answer says what the limits are and what is left, in place of the upstream', async (t) => {
    const answer = await read()
    t.equal(answer.status, 200)
    t.equal(withoutPartitions(fieldOf(answer, 'RateLimit-Policy')), '"default";q=100;w=3600')
    // How long a busy machine takes until here is nobody's matter.
    t.match(withoutPartitions(fieldOf(answer, 'RateLimit')), /^"default";r=3;t=\d+$/)
    t.notMatch(answer.head, 'theirs')
    t.match(answer.head, 'X-Own: 1')
  })

  await t.test('each limit that fits is told, and the first that is used up refuses', async (t) => {
    const first = await send('POST /v1/transactions/a/refund', ['Content-Length: 0'])
    t.equal(first.status, 200)
    t.equal(
      withoutPartitions(fieldOf(first, 'RateLimit-Policy')),
      '"default";q=100;w=3600, "refunds";q=20;w=3600',
    )
    // What is owed is counted when it is told of, some milliseconds later.
    t.match(withoutPartitions(fieldOf(first, 'RateLimit')), /^"default";r=2;t=\d+, "refunds";r=0;t=\d+$/)
    const requests = program.live.requests.length
    const second = await send('POST /v1/transactions/a/refund', ['Content-Length: 0'])
    t.equal(second.status, 429)
    t.equal(codeOf(second), 'RATE_LIMITED')
    t.match(fieldOf(second, 'Retry-After'), /^\d+$/)
    t.match(withoutPartitions(fieldOf(second, 'RateLimit')), /^"default";r=2;t=\d+, "refunds";r=0;t=\d+$/)
    t.equal(program.live.requests.length, requests, 'nothing was forwarded')
  })

  await t.test('a refusal for another cause tells the policy, and counts nothing', async (t) => {
    const wrong = await raw(request('GET /v1/transactions/a', [host, 'X-Api-Key: pk_live_none']))
    t.equal(wrong.status, 401)
    t.equal(withoutPartitions(fieldOf(wrong, 'RateLimit-Policy')), '"default";q=100;w=3600')
    t.equal(withoutPartitions(fieldOf(wrong, 'RateLimit')), undefined)
    t.match(withoutPartitions(fieldOf(await read(), 'RateLimit')), /^"default";r=1;t=\d+$/)
  })

  await t.test('used up, all routes of the limit refuse the key', async (t) => {
    t.equal((await read()).status, 200)
    const over = await send('GET /v1/transactions')
    t.same([over.status, codeOf(over)], [429, 'RATE_LIMITED'])
    t.match(fieldOf(over, 'Retry-After'), /^\d+$/)
    const line = program.log.findLast(({ code }) => code === 'RATE_LIMITED')
    t.match(line, { reason: 'rate_limit', limit: 'default', decision: 'deny' })
  })

  await t.test('a public route has the limits of clients', async (t) => {
    const ask = () => raw(request('GET /v1/status', [host]))
    t.same([(await ask()).status, (await ask()).status], [200, 200])
    const over = await ask()
    t.same([over.status, withoutPartitions(fieldOf(over, 'RateLimit-Policy'))], [429, '"visits";q=2;w=3600'])
  })

  await t.test('the metric says which limit refused', async (t) => {
    const response = await fetch(`http://127.0.0.1:${program.controlPort}/metrics`)
    const text = await response.text()
    t.match(text, /latchkey_rate_limited_total\{[^}]*limit="default"[^}]*\} 1/)
    t.match(text, /latchkey_rate_limited_total\{[^}]*limit="refunds"[^}]*\} 1/)
  })
})

t.test('every answer of a route with quotas tells them, behind its rate limits', async (t) => {
  const { send, raw } = await startKeyedProgram(t, {
    api: `    quotas: { monthly: { requests: 3 } }
    rate_limits: { refunds: { permission: transaction.refund, rate: 20/h, burst: 1, per: merchant } }`,
  })
  const read = () => send('GET /v1/transactions/a')
  const refund = () => send('POST /v1/transactions/a/refund', ['Content-Length: 0'])
  const monthly = '"monthly";q=3;w=\\d+'
  for (const [line, policy] of [
    ['GET /v1/transactions/a', `^${monthly}$`],
    ['POST /v1/transactions/a/refund', `^"refunds";q=20;w=3600, ${monthly}$`],
  ] as const) {
    const stranger = await raw(request(line, [host, 'X-Api-Key: pk_live_none', 'Content-Length: 0']))
    t.equal(stranger.status, 401)
    t.match(withoutPartitions(fieldOf(stranger, 'RateLimit-Policy')), new RegExp(policy))
    t.equal(withoutPartitions(fieldOf(stranger, 'RateLimit')), undefined)
  }
  t.match(withoutPartitions(fieldOf(await read(), 'RateLimit')), /^"monthly";r=2;t=\d+$/)
  t.match(
    withoutPartitions(fieldOf(await refund(), 'RateLimit')),
    /^"refunds";r=0;t=\d+, "monthly";r=1;t=\d+$/,
  )
  const over = await refund()
  t.equal(codeOf(over), 'RATE_LIMITED')
  t.match(
    withoutPartitions(fieldOf(over, 'RateLimit')),
    /^"refunds";r=0;t=\d+, "monthly";r=1;t=\d+$/,
    'it was not counted',
  )
  t.match(withoutPartitions(fieldOf(await read(), 'RateLimit')), /^"monthly";r=0;t=\d+$/)
  const spent = await refund()
  t.equal(codeOf(spent), 'QUOTA_EXCEEDED')
  t.match(
    withoutPartitions(fieldOf(spent, 'RateLimit-Policy')),
    new RegExp(`^"refunds";q=20;w=3600, ${monthly}$`),
  )
  t.match(withoutPartitions(fieldOf(spent, 'RateLimit')), /^"monthly";r=0;t=\d+$/)
  const open = await raw(request('GET /v1/status', [host, 'X-Api-Key: pk_live_none']))
  t.equal(withoutPartitions(fieldOf(open, 'RateLimit-Policy')), undefined, 'a public route has none')
})

t.test('a route without limits says nothing of any, and lets the upstream speak', async (t) => {
  const { send } = await startKeyedProgram(t, {
    answer: () => plainAnswer.replace('Content-Length', 'RateLimit: "theirs";r=9;t=9\r\nContent-Length'),
  })
  t.equal(withoutPartitions(fieldOf(await send('GET /v1/transactions/a'), 'RateLimit')), '"theirs";r=9;t=9')
})

t.test('a key is used from where it may be, and from nowhere else', async (t) => {
  const program = await startKeyedProgram(t, { gateway: ', trusted_proxies: [127.0.0.1]' })
  const { admin, key, send } = program
  const from = async (address: string) => {
    const answer = await send('GET /v1/transactions/a', [`X-Forwarded-For: ${address}`])
    return answer.status === 200 ? 200 : codeOf(answer)
  }
  t.equal(await from('198.51.100.7'), 200)
  const patched = await admin.call('PATCH', `/keys/${key.id}?wait=all`, {
    allowed_ips: ['203.0.113.0/24', '2001:DB8::/32', '192.0.2.9/32'],
  })
  t.match(patched, { status: 200, body: { allowed_ips: ['203.0.113.0/24', '2001:db8::/32', '192.0.2.9'] } })
  t.equal(await from('203.0.113.200'), 200)
  t.equal(await from('192.0.2.9'), 200)
  t.equal(await from('2001:db8::17'), 200)
  t.equal(await from('::ffff:203.0.113.4'), 200)
  for (const address of [
    '198.51.100.7',
    '203.0.114.1',
    '192.0.2.8',
    '2001:db9::1',
    '::ffff:198.51.100.7',
    'unknown',
  ])
    t.equal(await from(address), 'IP_NOT_ALLOWED', address)
  t.match(
    program.log.findLast(({ code }) => code === 'IP_NOT_ALLOWED'),
    { status: 403, reason: 'ip_not_allowed' },
  )
  const faulty = await admin.call('PATCH', `/keys/${key.id}`, {
    allowed_ips: ['203.0.113.0/24', '300.1.1.1'],
  })
  t.match(faulty, { status: 422, body: { error: { details: [{ path: '/allowed_ips/1' }] } } })
  await admin.call('PATCH', `/keys/${key.id}?wait=all`, { allowed_ips: [] })
  t.equal(await from('198.51.100.7'), 200)
})

t.test('a merchant has its plan, and so many requests under way', async (t) => {
  const held: (() => void)[] = []
  const program = await startKeyedProgram(t, {
    sections: 'plans: { gold: { rate_limits: { default: { rate: 500/h, burst: 50 } } } }',
    api: '    rate_limits: { default: { rate: 100/h, burst: 4, per: key } }',
    answer(request, socket) {
      if (!request.target.endsWith('/held')) return plainAnswer
      held.push(() => void socket.write(plainAnswer))
      return undefined
    },
  })
  const { admin, merchant, send } = program
  const patched = await admin.call('PATCH', `/merchants/${merchant}?wait=all`, { plan: 'gold', in_flight: 1 })
  t.match(patched, { status: 200, body: { plan: 'gold', in_flight: 1 } })
  t.equal(
    withoutPartitions(fieldOf(await send('GET /v1/transactions/a'), 'RateLimit-Policy')),
    '"default";q=500;w=3600',
  )
  const first = send('GET /v1/transactions/held')
  while (held.length === 0) await new Promise((resolve) => setTimeout(resolve, 5))
  const second = await send('GET /v1/transactions/a')
  t.same([second.status, codeOf(second)], [429, 'RATE_LIMITED'])
  t.match(
    program.log.findLast(({ code }) => code === 'RATE_LIMITED'),
    { reason: 'in_flight' },
  )
  held[0]?.()
  t.equal((await first).status, 200)
  t.equal((await send('GET /v1/transactions/a')).status, 200, 'its place is free again')
})
