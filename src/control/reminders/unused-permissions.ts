// Which of its permissions a key has not used: none of the routes that it called asks for them, by the table in force. Of one of
// several that would do, all count as used.

import type { Api } from '../../config/compiled.ts'
import { expandPermissions } from '../../credentials/permission.ts'
import type { KeyInUse } from '../../store/keys/mailed-reminder-table.ts'

/**
 * By name. None, where the key called a route that the table has no more: nobody knows what that one asked for.
 */
export function unusedPermissions(
  api: Api | undefined,
  { permissions, routes }: Pick<KeyInUse, 'permissions' | 'routes'>,
): readonly string[] {
  if (api === undefined) return []
  const asked = new Map(api.routes.map((route) => [`${route.method} ${route.template}`, route.requirement]))
  const used = new Set<string>()
  for (const route of routes) {
    const requirement = asked.get(route)
    if (requirement === undefined) return []
    if (requirement.kind !== 'public') for (const permission of requirement.permissions) used.add(permission)
  }
  const held = expandPermissions(permissions, [...api.permissions.keys()])
  return held.filter((permission) => !used.has(permission)).toSorted()
}
