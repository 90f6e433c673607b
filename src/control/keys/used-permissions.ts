// Which of its permissions a key uses: what the routes that it called ask for, by the table in force. So that what nobody
// needs can be taken away.

import { type Static, Type } from 'typebox'
import type { Api } from '../../config/compiled.ts'
import { expandPermissions } from '../../credentials/permission.ts'
import { mustGetKey } from '../../store/keys/key-table.ts'
import { listRouteUse, type RouteUse } from '../../store/activity/route-use-table.ts'
import { viewOf } from '../change-answer.ts'
import type { AdminDeps, ControlApp } from '../dependencies.ts'
import { idOf, idParams } from '../fields.ts'
import { instant } from '../instant.ts'
import { nullableTime } from '../openapi/route-doc.ts'

export const usedPermissionSchema = Type.Object({
  permission: Type.String(),
  description: Type.Union([Type.String(), Type.Null()], { description: 'null: the API has it no more' }),
  last_used_at: nullableTime,
  requests: Type.Integer({
    description: 'That were let through on routes which ask for it, or for one of several that the key holds',
  }),
})

const doc = {
  summary:
    'What a key may do, and when it last did: to the minute, of a week ago the hour, of three months ago the day; by name',
  status: 200,
  answer: Type.Object({
    data: Type.Array(usedPermissionSchema),
    unlisted_requests: Type.Integer({ description: 'Let through on routes that the table has no more' }),
  }),
  errors: ['NOT_FOUND', 'QUERY_TOO_SLOW', 'STORE_UNAVAILABLE'],
} as const

export function serveUsedPermissions(app: ControlApp, deps: AdminDeps): void {
  app.get('/keys/:id/permissions', { schema: { params: idParams }, config: { doc } }, async (request) => {
    const key = await mustGetKey(deps.db, idOf('key', request.params.id), viewOf(request, deps))
    const api = deps.table().apis.get(key.api)
    const uses = await listRouteUse(deps.db, key.id, key.api)
    const held = api ? expandPermissions(key.permissions, [...api.permissions.keys()]) : key.permissions
    const { byPermission, unlisted } = useOf(new Set(held), api, uses)
    const data = held
      .toSorted()
      .map((permission) => rowOf({ permission, api, use: byPermission.get(permission) }))
    return { data, unlisted_requests: unlisted }
  })
}

interface Use {
  count: number
  lastMs: number
}

/** Of one of several that would do, all that the key holds count: none is told to be unused that may have been the one. */
function useOf(held: ReadonlySet<string>, api: Api | undefined, uses: readonly RouteUse[]) {
  const routes = new Map(api?.routes.map((route) => [`${route.method} ${route.template}`, route.requirement]))
  const byPermission = new Map<string, Use>()
  let unlisted = 0
  for (const { route, count, lastMs } of uses) {
    const requirement = routes.get(route)
    if (requirement === undefined) unlisted += count
    const asked = requirement === undefined || requirement.kind === 'public' ? [] : requirement.permissions
    for (const permission of asked.filter((one) => held.has(one))) {
      const use = byPermission.get(permission) ?? { count: 0, lastMs }
      byPermission.set(permission, { count: use.count + count, lastMs: Math.max(use.lastMs, lastMs) })
    }
  }
  return { byPermission, unlisted }
}

function rowOf(of: {
  readonly permission: string
  readonly api: Api | undefined
  readonly use: Use | undefined
}): Static<typeof usedPermissionSchema> {
  const { permission, api, use } = of
  return {
    permission,
    description: api?.permissions.get(permission) ?? null,
    last_used_at: use === undefined ? null : instant(use.lastMs),
    requests: use?.count ?? 0,
  }
}
