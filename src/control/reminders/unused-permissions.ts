// What keys may do and have not done for 90 days: what can be taken away from them, so that a stolen one is worth less.

import { type Static, Type } from 'typebox'
import type { Api, Table } from '../../config/compiled.ts'
import { expandPermissions } from '../../credentials/permission.ts'
import type { Page, PageRequest } from '../../store/page.ts'
import type { Queryable } from '../../store/queryable.ts'
import { listWatchedKeys, type WatchedFilter, type WatchedKey } from '../../store/route-use-table.ts'
import { viewOf } from '../change-answer.ts'
import { nextCursor, readCursor } from '../cursor.ts'
import type { AdminDeps, ControlApp } from '../dependencies.ts'
import { idOf, isId, limitOf, pageFields, textField } from '../fields.ts'
import { listOf } from '../openapi/route-doc.ts'

export const unusedPermissionsSchema = Type.Object({
  key_id: Type.String(),
  merchant_id: Type.String(),
  api: Type.String(),
  environment: Type.String(),
  name: Type.String(),
  held: Type.Integer({ description: 'How many permissions it has' }),
  unused: Type.Array(Type.String(), {
    description: 'Permissions that no request of the last 90 days asked for, by name; empty: all were used',
  }),
})

const doc = {
  summary:
    'Keys that work and are older than 90 days, newest first, with what they may do and have not done since',
  status: 200,
  answer: listOf(unusedPermissionsSchema),
  errors: ['QUERY_TOO_SLOW', 'STORE_UNAVAILABLE'],
} as const

const query = Type.Object(
  {
    merchant_id: Type.Optional(textField(64)),
    api: Type.Optional(textField(100)),
    key_id: Type.Optional(textField(64)),
    ...pageFields,
  },
  { additionalProperties: false },
)

const ninetyDaysMs = 90 * 24 * 60 * 60 * 1000

/** GET /reminders/permissions. */
export function serveUnusedPermissions(app: ControlApp, deps: AdminDeps): void {
  app.get('/reminders/permissions', { schema: { querystring: query }, config: { doc } }, async (request) => {
    const { merchant_id: merchantId, api, key_id: key, cursor, limit } = request.query
    const after = readCursor(cursor, (value) => isId('key', value))
    const view = viewOf(request, deps)
    const keyId = key && idOf('key', key)
    const asked = { ...view, merchantId, api, keyId, sinceMs: view.nowMs - ninetyDaysMs }
    const page = await listUnused({ db: deps.db, table: deps.table }, asked, { after, limit: limitOf(limit) })
    return { data: page.rows.map(unusedObject), next_cursor: nextCursor(page, ({ id }) => id) }
  })
}

export interface KeyWithUnused extends WatchedKey {
  readonly held: number
  readonly unused: readonly string[]
}

/** Of each key what of its permissions it did not use since `sinceMs`, by the table in force. Throws StoreUnavailableError. */
export async function listUnused(
  { db, table }: { readonly db: Queryable; readonly table: () => Pick<Table, 'apis'> },
  asked: WatchedFilter,
  page: PageRequest<string>,
): Promise<Page<KeyWithUnused>> {
  const { rows, hasMore } = await listWatchedKeys(db, asked, page)
  return { rows: rows.map((key) => unusedOf(key, table().apis.get(key.api))), hasMore }
}

/** Of one of several that would do, all that the key holds count as used: none is told to be unused that may have been the one. */
function unusedOf(key: WatchedKey, api: Api | undefined): KeyWithUnused {
  const held = api ? expandPermissions(key.permissions, [...api.permissions.keys()]) : key.permissions
  const called = new Set(key.routes)
  const used = new Set<string>()
  for (const { method, template, requirement } of api?.routes ?? []) {
    if (requirement.kind === 'public' || !called.has(`${method} ${template}`)) continue
    for (const permission of requirement.permissions) used.add(permission)
  }
  const unused = held.filter((permission) => !used.has(permission)).toSorted()
  return { ...key, held: held.length, unused }
}

function unusedObject(key: KeyWithUnused): Static<typeof unusedPermissionsSchema> {
  const { id, merchantId, api, environment, name, held, unused } = key
  return { key_id: id, merchant_id: merchantId, api, environment, name, held, unused: [...unused] }
}
