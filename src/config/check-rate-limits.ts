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

/** Reports limits of plans that no API has, or that count by client, of whom nobody knows the merchant. */
export function checkPlans({ tree, file, report }: CheckedFile): void {
  const limits = Object.values(file.apis ?? {}).flatMap((api) => Object.entries(api?.rate_limits ?? {}))
  for (const [plan, said] of Object.entries(file.plans ?? {})) {
    for (const name of Object.keys(said?.rate_limits ?? {})) {
      const named = limits.filter(([known]) => known === name)
      if (named.some(([, limit]) => limit?.per !== 'client')) continue
      const at = placeOfKey(tree, ['plans', plan, 'rate_limits', name])
      if (named.length > 0) report.fault(at, `\`${name}\` counts by client: a plan is a merchant's`)
      else
        report.fault(
          at,
          `no API has a rate limit \`${name}\``,
          suggest(
            name,
            limits.map(([known]) => known),
          ),
        )
    }
  }
}
