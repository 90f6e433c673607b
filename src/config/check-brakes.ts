// What the schema cannot say about brakes: whether anything can pull them.

import { asksFor } from './brakes.ts'
import type { CheckedFile } from './check-settings.ts'
import { suggest } from './suggest.ts'
import type { PermissionTable } from './table.ts'
import { placeOfKey, placeOfValue, rawText } from './tree.ts'

/** Reports brakes of permissions that the table does not have or no route asks for, and those that do what another does. */
export function checkBrakes({ tree, file, report }: CheckedFile, api: string, table?: PermissionTable): void {
  const known = new Map<string, string>()
  for (const [name, brake] of Object.entries(file.apis?.[api]?.brakes ?? {})) {
    const { permission, action = 'notify' } = brake ?? {}
    if (permission === undefined) continue
    const path = ['apis', api, 'brakes', name]
    const kind = `${action} ${permission}`
    const other = known.get(kind)
    if (other === undefined) known.set(kind, name)
    else
      report.fault(placeOfKey(tree, path), `\`${name}\` does what \`${other}\` does, of the same permission`)
    if (table === undefined) continue
    const at = [...path, 'permission']
    const place = placeOfValue(tree, at)
    if (!table.permissions.has(permission)) {
      const message = `unknown permission \`${rawText(tree, at)}\``
      report.fault(place, message, suggest(permission, [...table.permissions.keys()]))
    } else if (!table.routes.some(({ route }) => asksFor(route.requirement, permission)))
      report.fault(place, `no route of \`${api}\` asks for \`${permission}\`: nothing would be counted`)
  }
}
