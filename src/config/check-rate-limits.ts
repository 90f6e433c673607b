// What the schema cannot say about rate limits: whether they fit anything.

import type { CheckedFile } from './check-settings.ts'
import { isNamed } from './rate-limits.ts'
import { suggest } from './suggest.ts'
import type { PermissionTable } from './table.ts'
import { isGiven, placeOfKey, placeOfValue, rawText } from './tree.ts'

/** Reports limits of permissions and routes that the table does not have. */
export function checkRateLimits(checked: CheckedFile, api: string, table?: PermissionTable): void {
  const { tree, file, report } = checked
  for (const [name, limit] of Object.entries(file.apis?.[api]?.rate_limits ?? {})) {
    const path = ['apis', api, 'rate_limits', name]
    const ways = (['permission', 'route'] as const).filter((way) => isGiven(tree, [...path, way]))
    if (ways.length > 1)
      report.fault(placeOfKey(tree, path), `\`${name}\` has permission and route: give one of them`)
    if (table === undefined || limit === undefined) continue
    const { permission, route } = limit
    if (permission !== undefined && !table.permissions.has(permission)) {
      const at = [...path, 'permission']
      const message = `unknown permission \`${rawText(tree, at)}\``
      report.fault(placeOfValue(tree, at), message, suggest(permission, [...table.permissions.keys()]))
    }
    if (route === undefined) continue
    const named = table.routes.find((one) => isNamed(route, one.route))
    const at = placeOfValue(tree, [...path, 'route'])
    if (named === undefined) {
      const known = table.routes.map((one) => `${one.route.method} ${one.route.template}`)
      report.fault(at, `\`${api}\` has no route \`${route}\``, suggest(route, known))
    } else if (named.route.requirement.kind === 'public' && limit.per !== 'client') {
      report.fault(at, `\`${route}\` is public: nobody is known there, so \`per\` must be client`)
    }
  }
}
