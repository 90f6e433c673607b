// How keys were used, added up: by merchant, key, API, environment, route, outcome or day.

import { type Static, Type } from 'typebox'
import {
  type ActivityGrouping,
  type ActivityTotal,
  listActivityTotals,
  type TotalsPlace,
} from '../../store/activity/activity-totals-table.ts'
import { namesOf } from '../../store/names-table.ts'
import { nextCursor, readCursor } from '../cursor.ts'
import type { AdminDeps, ControlApp } from '../dependencies.ts'
import { holderIdOf, idOf, holderField, limitOf, pageFields, textField } from '../fields.ts'
import { rangeOf, timeField } from '../instant.ts'
import { listOf } from '../openapi/route-doc.ts'
import { invalid } from '../refusal.ts'

const groupings = [
  ...['merchant', 'key', 'api', 'environment', 'route', 'outcome', 'day'],
] as const satisfies readonly ActivityGrouping[]

const totalsQuery = Type.Object(
  {
    by: Type.Optional(Type.Enum([...groupings], { description: '`merchant` unless said' })),
    merchant_id: Type.Optional(textField(64)),
    key_id: holderField,
    api: Type.Optional(textField(100)),
    environment: Type.Optional(textField(100)),
    route: Type.Optional(textField(1024)),
    outcome: Type.Optional(textField(100)),
    since: Type.Optional(timeField('From then on; 24 hours before `until` unless said')),
    until: Type.Optional(timeField('Before then; now unless said')),
    ...pageFields,
  },
  { additionalProperties: false },
)

export const activityTotalSchema = Type.Object({
  merchant_id: Type.Optional(Type.String({ description: 'With `by=merchant`' })),
  key_id: Type.Optional(Type.String({ description: 'With `by=key`' })),
  name: Type.Optional(
    Type.String({
      description: 'With `by=merchant` and `by=key`, unless it is gone: of the merchant, key or client',
    }),
  ),
  api: Type.Optional(Type.String({ description: 'With `by=api`, `by=environment` and `by=route`' })),
  environment: Type.Optional(Type.String({ description: 'With `by=environment`' })),
  route: Type.Optional(Type.String({ description: 'With `by=route`: method and template' })),
  outcome: Type.Optional(
    Type.String({ description: 'With `by=outcome`: `allow`, or the code of the refusal' }),
  ),
  day: Type.Optional(Type.String({ description: 'With `by=day`, in UTC: `2026-01-31`' })),
  count: Type.Integer(),
  allowed: Type.Integer({ description: 'Of these, the requests that were let through' }),
})
type TotalObject = Static<typeof activityTotalSchema>

const doc = {
  summary: 'How often keys were used in a time, added up: the most used first, of days the newest',
  status: 200,
  answer: listOf(activityTotalSchema),
  errors: ['QUERY_TOO_SLOW', 'STORE_UNAVAILABLE'],
} as const

const dayMs = 24 * 60 * 60 * 1000

/** GET /activity: the minutes, hours and days that begin from `since` on and before `until`. */
export function serveActivityTotals(app: ControlApp, deps: AdminDeps): void {
  app.get('/activity', { schema: { querystring: totalsQuery }, config: { doc } }, async (request) => {
    const { by = 'merchant', api, environment, route, outcome, cursor, limit, ...asked } = request.query
    const { sinceMs, untilMs } = rangeOf(asked.since, asked.until)
    const toMs = untilMs ?? deps.now()
    const fromMs = sinceMs ?? toMs - dayMs
    if (fromMs > toMs) throw invalid('since', 'must not be after until')
    const { scope } = request.caller
    const what = { by, api, environment, route, outcome, fromMs, toMs }
    const filter = { scope, ...what, ...whose(asked.merchant_id, asked.key_id) }
    const page = { after: readCursor(cursor, isPlace), limit: limitOf(limit) }
    const found = await listActivityTotals(deps.db, filter, page)
    const isNamed = by === 'merchant' || by === 'key'
    const names = await namesOf(deps.db, isNamed ? found.rows.map(({ name }) => name) : [])
    return {
      data: found.rows.map((row) => ({ ...totalObject(by, row), ...nameOf(names.get(row.name)) })),
      next_cursor: nextCursor(found, placeOf),
    }
  })
}

function nameOf(name: string | undefined): { readonly name?: string } {
  return name === undefined ? {} : { name }
}

function whose(merchantId: string | undefined, keyId: string | undefined) {
  return {
    merchantId: merchantId && idOf('mer', merchantId),
    keyId: keyId && holderIdOf(keyId),
  }
}

function placeOf({ name, count }: ActivityTotal): TotalsPlace {
  return { name, count }
}

function isPlace(value: unknown): value is TotalsPlace {
  if (typeof value !== 'object' || value === null) return false
  const { name, count } = value as Record<string, unknown>
  // NUL is the one character that Postgres does not take.
  return Number.isSafeInteger(count) && typeof name === 'string' && !name.includes('\0')
}

function totalObject(by: ActivityGrouping, { name, count, allowed }: ActivityTotal): TotalObject {
  const figures = { count, allowed }
  if (by === 'merchant') return { merchant_id: name, ...figures }
  if (by === 'key') return { key_id: name, ...figures }
  if (by === 'api') return { api: name, ...figures }
  if (by === 'outcome') return { outcome: name, ...figures }
  if (by === 'day') return { day: name, ...figures }
  const space = name.indexOf(' ')
  return { api: name.slice(0, space), [by]: name.slice(space + 1), ...figures }
}
