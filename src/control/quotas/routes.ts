// How much of their quotas merchants and keys have used in a month.

import { type Static, Type } from 'typebox'
import { monthOf } from '../../config/quotas.ts'
import {
  listQuotaUsage,
  type QuotaUsage,
  type QuotaUsagePlace,
} from '../../store/activity/quota-usage-table.ts'
import { seesApi } from '../../store/scope.ts'
import { nextCursor, readCursor } from '../cursor.ts'
import type { AdminDeps, ControlApp } from '../dependencies.ts'
import { holderField, holderIdOf, idOf, limitOf, pageFields, textField } from '../fields.ts'
import { instant } from '../instant.ts'
import { listOf, timeSchema } from '../openapi/route-doc.ts'

const usageQuery = Type.Object(
  {
    merchant_id: Type.Optional(textField(64)),
    api: Type.Optional(textField(100)),
    environment: Type.Optional(textField(100)),
    quota: Type.Optional(textField(100)),
    // Of quotas that count by key, this one's alone.
    key_id: holderField,
    month: Type.Optional(
      Type.String({
        pattern: '^20[0-9]{2}-(0[1-9]|1[0-2])$',
        description: 'In UTC, such as `2026-12`; the current one unless said. Kept for 14 months',
      }),
    ),
    ...pageFields,
  },
  { additionalProperties: false },
)

export const quotaUsageSchema = Type.Object({
  merchant_id: Type.String(),
  merchant_name: Type.String(),
  key_id: Type.Optional(
    Type.String({ description: 'Of a quota that counts by key: the key, or the client' }),
  ),
  api: Type.String(),
  environment: Type.String(),
  quota: Type.String(),
  per: Type.Enum(['merchant', 'key']),
  used: Type.Integer({ description: 'Requests that were let through and are stored' }),
  requests: Type.Integer({
    description: 'What counts for this merchant now: its own, of its plan, or of the file',
  }),
  percent: Type.Number({
    description: 'To a hundredth, rounded down; over 100 where the quota is smaller now',
  }),
  warned_at: Type.Array(Type.Integer(), {
    description: 'Steps, in percent of `requests` as it is now, that webhooks have told of',
  }),
})

const doc = {
  summary:
    'What was used of quotas in a month, the nearest to its end first; who made no request is left out',
  status: 200,
  answer: Type.Intersect([
    listOf(quotaUsageSchema),
    Type.Object({
      month: Type.String({ description: 'Such as `2026-12`' }),
      since: timeSchema,
      resets_at: timeSchema,
    }),
  ]),
  errors: ['QUERY_TOO_SLOW', 'STORE_UNAVAILABLE'],
} as const

/** GET /quotas. */
export function serveQuotas(app: ControlApp, deps: AdminDeps): void {
  app.get('/quotas', { schema: { querystring: usageQuery }, config: { doc } }, async (request) => {
    const { merchant_id: merchant, api, environment, quota, month, cursor, limit, ...asked } = request.query
    const { scope } = request.caller
    const { startMs, endMs } = monthOf(month === undefined ? deps.now() : Date.parse(`${month}-01T00:00:00Z`))
    const quotas = [...deps.table().apis.values()]
      .filter(({ name }) => seesApi(scope, name) && (api === undefined || name === api))
      .flatMap((one) => one.quotas)
      .filter(({ name }) => quota === undefined || name === quota)
    const merchantId = merchant === undefined ? undefined : idOf('mer', merchant)
    const keyId = asked.key_id === undefined ? undefined : holderIdOf(asked.key_id)
    const filter = { scope, quotas, monthMs: startMs, merchantId, environment, keyId }
    const after = readCursor(cursor, isPlace)
    const page = await listQuotaUsage(deps.db, filter, { after, limit: limitOf(limit) })
    return {
      data: page.rows.map(usageObject),
      next_cursor: nextCursor(page, placeOf),
      month: instant(startMs).slice(0, 7),
      since: instant(startMs),
      resets_at: instant(endMs),
    }
  })
}

function placeOf({ share, subject, api, environment, quota }: QuotaUsage): QuotaUsagePlace {
  return { share, subject, api, environment, quota }
}

function isPlace(value: unknown): value is QuotaUsagePlace {
  if (typeof value !== 'object' || value === null) return false
  const { share, ...names } = value as Record<string, unknown>
  // NUL is the one character that Postgres does not take.
  const isName = (name: unknown) => typeof name === 'string' && !name.includes('\0')
  return (
    Number.isSafeInteger(share) &&
    ['subject', 'api', 'environment', 'quota'].every((name) => isName(names[name]))
  )
}

function usageObject(usage: QuotaUsage): Static<typeof quotaUsageSchema> {
  const { merchantId, merchantName, keyId, api, environment, quota, used, requests, share, warnedAt } = usage
  return {
    ...{ merchant_id: merchantId, merchant_name: merchantName },
    ...(keyId !== null && { key_id: keyId }),
    ...{ api, environment, quota, per: keyId === null ? 'merchant' : 'key' },
    ...{ used, requests, percent: share / 100, warned_at: [...warnedAt] },
  }
}
