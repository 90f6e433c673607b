// Contract 11: which limits fit which routes, and what is wrong with them.

import t from 'tap'
import type { RateLimit } from '../../src/config/compiled.ts'
import { parseRate } from '../../src/config/rate-limits.ts'
import { gatewayYaml, load } from './files.ts'

const table = `permissions:
  transaction.read: Read
  transaction.refund: Refund
routes:
  GET /v1/status: public
  GET /v1/transactions/{id}: transaction.read
  GET /v1/either/{id}: { any_of: [transaction.read, transaction.refund] }
  POST   /v1/transactions/{id}/refund: transaction.refund
`

const withLimits = (lines: readonly string[]) =>
  `${gatewayYaml}    rate_limits:\n${lines.map((line) => `      ${line}\n`).join('')}`

void t.test('a limit fits all routes, those of a permission, or the one that it names', async (t) => {
  const gateway = withLimits([
    'default: { rate: 100/s, burst: 200, per: key }',
    'refunds: { permission: transaction.refund, rate: 20/min, per: merchant }',
    'one: { route: "POST  /v1/transactions/{id}/refund", rate: 1/h, burst: 5, per: client, shadow: true }',
    'visits: { rate: 7/d, per: client }',
  ])
  const result = await load(t, { gateway, table })
  if (!result.ok) return t.fail(JSON.stringify(result.faults))
  const api = result.config.table.apis.get('flintn')
  const names = (limits: readonly RateLimit[] = []) => limits.map(({ name }) => name)
  t.same(
    api?.routes.map(({ method, template, rateLimits }) => [`${method} ${template}`, names(rateLimits)]),
    [
      ['GET /v1/status', ['visits']],
      ['GET /v1/transactions/{id}', ['default', 'visits']],
      ['GET /v1/either/{id}', ['default', 'refunds', 'visits']],
      ['POST /v1/transactions/{id}/refund', ['default', 'refunds', 'one', 'visits']],
    ],
  )
  t.same(names(api?.rateLimits), ['default', 'refunds', 'one', 'visits'])
  t.match(api?.rateLimits, [
    { allowance: { intervalMs: 10, burst: 200, quota: 100, windowSeconds: 1 }, isShadow: false },
    { allowance: { intervalMs: 3_000, burst: 20, quota: 20, windowSeconds: 60 } },
    { allowance: { intervalMs: 3_600_000, burst: 5 }, isShadow: true },
    { allowance: { burst: 7, windowSeconds: 86_400 } },
  ])
})

void t.test('limits that fit nothing are faults', async (t) => {
  const gateway = withLimits([
    'a: { permission: transaction.raed, rate: 1/s, per: key }',
    'b: { route: "GET /v1/transactons/{id}", rate: 1/s, per: key }',
    'c: { route: GET /v1/status, rate: 1/s, per: key }',
    'd: { route: GET /v1/status, permission: transaction.read, rate: 1/s, per: client }',
    'e: { rate: 0/s, per: key }',
    'f: { rate: 10/m, per: key }',
    'g: { rate: 1/s, per: user }',
    'H: { rate: 1/s, per: key }',
    'i: { rate: 1/s, burst: 0, per: key }',
    'j: { rate: 1/s }',
  ])
  const result = await load(t, { gateway, table })
  t.notOk(result.ok)
  const faults = result.ok ? [] : result.faults.map(({ line, message }) => `${line} ${message}`)
  const first = gateway.split('\n').findIndex((line) => line.includes(' a: {')) + 1
  const expected = [
    /unknown permission `transaction\.raed`/,
    /no route `GET \/v1\/transactons\/\{id\}`/,
    /public/,
    /permission and route/,
    /a rate such as/,
    /a rate such as/,
    /`?per`?/,
    /a name of/,
    /burst/,
    /per/,
  ]
  expected.forEach((pattern, index) =>
    t.match(
      faults.filter((fault) => fault.startsWith(`${first + index} `)).join(),
      pattern,
      faults.join('\n'),
    ),
  )
})

void t.test('what is no rate is none', async (t) => {
  for (const text of ['1', '1/w', 's']) t.throws(() => parseRate(text))
})
