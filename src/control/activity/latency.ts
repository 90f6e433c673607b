// How long answers took, over time: of requests that were sent to an upstream.

import { type Static, Type } from 'typebox'
import {
  latencyKindOf,
  type LatencyRow,
  latencySpans,
  listLatencies,
} from '../../store/activity/latency-table.ts'
import { percentilesOf } from '../../telemetry/answer-time.ts'
import type { AdminDeps, ControlApp } from '../dependencies.ts'
import { idOf, textField } from '../fields.ts'
import { instant, rangeOf, timeField } from '../instant.ts'
import { timeSchema } from '../openapi/route-doc.ts'
import { invalid } from '../refusal.ts'

const latencyQuery = Type.Object(
  {
    step: Type.Optional(
      Type.Enum([...latencySpans], {
        description:
          '`hour` unless said. Kept for two days, eight days and three months; `five_minutes` are of all merchants together',
      }),
    ),
    merchant_id: Type.Optional(textField(64)),
    key_id: Type.Optional(textField(64)),
    api: Type.Optional(textField(100)),
    environment: Type.Optional(textField(100)),
    since: Type.Optional(timeField('From the step on that holds it; 24 hours before `until` unless said')),
    until: Type.Optional(timeField('Steps that begin before then; now unless said')),
  },
  { additionalProperties: false },
)

const timesSchema = Type.Object({
  p50_ms: Type.Number({ description: 'Half of them took no longer' }),
  p90_ms: Type.Number(),
  p99_ms: Type.Number(),
})

const figures = {
  count: Type.Integer({ description: 'Requests that were sent to an upstream' }),
  answer: timesSchema,
  upstream: timesSchema,
}

export const latencyStepSchema = Type.Object({ at: timeSchema, ...figures })
const nullable = Type.Union([timesSchema, Type.Null()])

const latencySchema = Type.Object({
  data: Type.Array(latencyStepSchema),
  whole: Type.Object(
    { count: figures.count, answer: nullable, upstream: nullable },
    { description: 'All steps together; null: there is none' },
  ),
  next_cursor: Type.Null(),
})

const doc = {
  summary:
    'How long answers took, by steps of a time, oldest first: until the answer was there without waits for the client, and what the upstream took of it. Percentiles are exact to a tenth; steps without a request are left out',
  status: 200,
  answer: latencySchema,
  errors: ['QUERY_TOO_SLOW', 'STORE_UNAVAILABLE'],
} as const

const stepMs = { five_minutes: 300_000, hour: 3_600_000, day: 86_400_000 } as const
const mostSteps = 2_000

/** GET /activity/latency. */
export function serveLatency(app: ControlApp, deps: AdminDeps): void {
  app.get(
    '/activity/latency',
    { schema: { querystring: latencyQuery }, config: { doc } },
    async (request) => {
      const { step = 'hour', api, environment, ...asked } = request.query
      const { sinceMs, untilMs } = rangeOf(asked.since, asked.until)
      const toMs = untilMs ?? deps.now()
      const givenMs = sinceMs ?? toMs - stepMs.day
      if (givenMs > toMs) throw invalid('since', 'must not be after until')
      const fromMs = Math.floor(givenMs / stepMs[step]) * stepMs[step]
      if ((toMs - fromMs) / stepMs[step] > mostSteps)
        throw invalid('step', `is too short for this time: more than ${mostSteps} of them`)
      const whose = {
        scope: request.caller.scope,
        merchantId: asked.merchant_id && idOf('mer', asked.merchant_id),
        keyId: asked.key_id && idOf('key', asked.key_id),
      }
      if (step === 'five_minutes' && latencyKindOf(whose) !== 'all')
        throw invalid('step', 'of single merchants and keys there are hours and days')
      const rows = await listLatencies(deps.db, { ...whose, span: step, api, environment, fromMs, toMs })
      return { data: stepsOf(rows), whole: wholeOf(rows), next_cursor: null }
    },
  )
}

function stepsOf(rows: readonly LatencyRow[]): Static<typeof latencyStepSchema>[] {
  return [...groupsOf(rows, ({ atMs }) => atMs)].flatMap(([atMs, ofStep]) => {
    const { count, answer, upstream } = figuresOf(ofStep)
    return answer === null || upstream === null ? [] : [{ at: instant(atMs), count, answer, upstream }]
  })
}

function wholeOf(rows: readonly LatencyRow[]): Static<typeof latencySchema>['whole'] {
  const sums = [...groupsOf(rows, ({ bucket }) => bucket)].map(([bucket, same]) => ({
    bucket,
    answers: same.reduce((sum, { answers }) => sum + answers, 0),
    upstream: same.reduce((sum, { upstream }) => sum + upstream, 0),
  }))
  return figuresOf(sums.toSorted((a, b) => a.bucket - b.bucket))
}

function groupsOf(
  rows: readonly LatencyRow[],
  by: (row: LatencyRow) => number,
): ReadonlyMap<number, readonly LatencyRow[]> {
  const groups = new Map<number, LatencyRow[]>()
  for (const row of rows) {
    const same = groups.get(by(row))
    if (same === undefined) groups.set(by(row), [row])
    else same.push(row)
  }
  return groups
}

/** In the order of buckets. */
function figuresOf(rows: readonly Pick<LatencyRow, 'bucket' | 'answers' | 'upstream'>[]) {
  return {
    count: rows.reduce((sum, { answers }) => sum + answers, 0),
    answer: timesOf(rows.map(({ bucket, answers }) => ({ bucket, count: answers }))),
    upstream: timesOf(rows.map(({ bucket, upstream }) => ({ bucket, count: upstream }))),
  }
}

function timesOf(counted: Parameters<typeof percentilesOf>[0]): Static<typeof nullable> {
  const [p50, p90, p99] = percentilesOf(counted, [0.5, 0.9, 0.99]) ?? []
  if (p50 === undefined || p90 === undefined || p99 === undefined) return null
  return { p50_ms: p50, p90_ms: p90, p99_ms: p99 }
}
