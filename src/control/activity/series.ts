// How keys were used, over time.

import { Type } from 'typebox'
import { catalogue } from '../../errors/catalogue.ts'
import { listActivitySeries } from '../../store/activity/activity-series-table.ts'
import type { AdminDeps, ControlApp } from '../dependencies.ts'
import { holderField, holderIdOf, idOf, textField } from '../fields.ts'
import { instant, rangeOf, timeField } from '../instant.ts'
import { listOf, timeSchema } from '../openapi/route-doc.ts'
import { invalid } from '../refusal.ts'

const steps = { minute: 60, five_minutes: 300, hour: 3_600, day: 86_400 } as const
const stepNames = ['minute', 'five_minutes', 'hour', 'day'] as const satisfies readonly (keyof typeof steps)[]

const seriesQuery = Type.Object(
  {
    step: Type.Optional(Type.Enum([...stepNames], { description: '`hour` unless said' })),
    merchant_id: Type.Optional(textField(64)),
    key_id: holderField,
    api: Type.Optional(textField(100)),
    environment: Type.Optional(textField(100)),
    since: Type.Optional(timeField('From then on; 24 hours before `until` unless said')),
    until: Type.Optional(timeField('Before then; now unless said')),
  },
  { additionalProperties: false },
)

export const activityStepSchema = Type.Object({
  at: timeSchema,
  allowed: Type.Integer({ description: 'Let through' }),
  refused: Type.Integer({ description: 'Refused' }),
  failed: Type.Integer({ description: 'Answered with an error of 500 and above by the gateway itself' }),
})

const doc = {
  summary: 'How often keys were used, by steps of a time, oldest first; steps without a request are left out',
  status: 200,
  answer: listOf(activityStepSchema),
  errors: ['QUERY_TOO_SLOW', 'STORE_UNAVAILABLE'],
} as const

const dayMs = 24 * 60 * 60 * 1000
const mostSteps = 2_000

const failures = Object.entries(catalogue)
  .filter(([, { status }]) => status >= 500)
  .map(([code]) => code)

/** GET /activity/series. */
export function serveActivitySeries(app: ControlApp, deps: AdminDeps): void {
  const schema = { querystring: seriesQuery }
  app.get('/activity/series', { schema, config: { doc } }, async (request) => {
    const { step = 'hour', api, environment, ...asked } = request.query
    const { sinceMs, untilMs } = rangeOf(asked.since, asked.until)
    const toMs = untilMs ?? deps.now()
    const fromMs = sinceMs ?? toMs - dayMs
    if (fromMs > toMs) throw invalid('since', 'must not be after until')
    const stepSeconds = steps[step]
    if ((toMs - fromMs) / 1000 / stepSeconds > mostSteps)
      throw invalid('step', `is too short for this time: more than ${mostSteps} of them`)
    const rows = await listActivitySeries(deps.db, {
      ...{ scope: request.caller.scope, api, environment, fromMs, toMs, stepSeconds, failures },
      merchantId: asked.merchant_id && idOf('mer', asked.merchant_id),
      keyId: asked.key_id && holderIdOf(asked.key_id),
    })
    return {
      data: rows.map(({ atMs, ...figures }) => ({ at: instant(atMs), ...figures })),
      next_cursor: null,
    }
  })
}
