// What keys may do and have not done for 90 days: what can be taken away from them, so that a stolen one is worth less.

import { type Static, Type } from 'typebox'
import type { Api } from '../../config/compiled.ts'
import { expandPermissions } from '../../credentials/permission.ts'
import { listWatchedKeys, type WatchedKey } from '../../store/activity/route-use-table.ts'
import { viewOf } from '../change-answer.ts'
import { nextCursor, readCursor } from '../cursor.ts'
import type { AdminDeps, ControlApp } from '../dependencies.ts'
import { idOf, isId, limitOf, pageFields, textField } from '../fields.ts'
import { listOf } from '../openapi/route-doc.ts'
import { unusedPermissions } from './unused-permissions.ts'

export const unusedPermissionsSchema = Type.Object({
  key_id: Type.String(),
  merchant_id: Type.String(),
  api: Type.String(),
  environment: Type.String(),
  name: Type.String(),
  held: Type.Integer({ description: 'How many permissions it has' }),
  unused: Type.Array(Type.String(), {
    description:
      'Permissions that no request of the last 90 days asked for, by name. Empty: all were used, or one was for a route that the table has no more',
  }),
})

const doc = {
  summary:
    'Keys that work and may do the same as 90 days ago, newest first, with what they may do and have not done since',
  status: 200,
  answer: listOf(unusedPermissionsSchema),
  errors: ['QUERY_TOO_SLOW', 'STORE_UNAVAILABLE'],
} as const

const query = Type.Object(
  {
    merchant_id: Type.Optional(textField(64)),
    api: Type.Optional(textField(100)),
    key_id: Type.Optional(textField(64)),
    by_name: Type.Optional(
      Type.Literal('true', { description: 'Only keys that hold their permissions by name, and not `*`' }),
    ),
    ...pageFields,
  },
  { additionalProperties: false },
)

const ninetyDaysMs = 90 * 24 * 60 * 60 * 1000

/** GET /reminders/permissions. */
export function serveUnusedPermissions(app: ControlApp, deps: AdminDeps): void {
  app.get('/reminders/permissions', { schema: { querystring: query }, config: { doc } }, async (request) => {
    const { merchant_id: merchantId, api, key_id: key, by_name: byName, cursor, limit } = request.query
    const after = readCursor(cursor, (value) => isId('key', value))
    const view = viewOf(request, deps)
    const keyId = key && idOf('key', key)
    const isByName = byName !== undefined
    const asked = { ...view, merchantId, api, keyId, isByName, sinceMs: view.nowMs - ninetyDaysMs }
    const page = await listWatchedKeys(deps.db, asked, { after, limit: limitOf(limit) })
    const { apis } = deps.table()
    const data = page.rows.map((key) => unusedObject(key, apis.get(key.api)))
    return { data, next_cursor: nextCursor(page, ({ id }) => id) }
  })
}

function unusedObject(key: WatchedKey, api: Api | undefined): Static<typeof unusedPermissionsSchema> {
  const { id, merchantId, environment, name, permissions } = key
  const held = api ? expandPermissions(permissions, [...api.permissions.keys()]) : permissions
  const unused = [...unusedPermissions(api, key)]
  return { key_id: id, merchant_id: merchantId, api: key.api, environment, name, held: held.length, unused }
}
