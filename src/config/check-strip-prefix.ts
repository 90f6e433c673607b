// What an API does not send on must stand before each of its paths, and leave one: then the rest is what was judged, byte for
// byte, and two routes never become one.

import type { CheckedFile } from './check-settings.ts'
import type { PermissionTable } from './table.ts'
import { parseTemplate } from './template.ts'
import { placeOfValue } from './tree.ts'

/** Reports an API's `strip_prefix` where it is no path, and the routes that do not begin with it. */
export function checkPrefixToStrip(
  { tree, file, report }: CheckedFile,
  api: string,
  table?: PermissionTable,
): void {
  const prefix = file.apis?.[api]?.strip_prefix ?? ''
  if (prefix === '') return
  const parsed = parseTemplate(prefix)
  if (!parsed.ok) {
    report.fault(
      placeOfValue(tree, ['apis', api, 'strip_prefix']),
      `\`strip_prefix\` is no path that a request could have: ${parsed.message}`,
    )
    return
  }
  const texts = prefix.slice(1).split('/')
  for (const { route, segments, place } of table?.routes ?? []) {
    const isBehind = texts.every((text, index) => {
      const segment = segments[index]
      return segment?.kind === 'literal' && segment.text === text
    })
    if (isBehind && segments.length > texts.length) continue
    const why = isBehind ? 'leaves no path of' : 'is not the beginning of'
    report.fault(place, `\`strip_prefix\` of \`${api}\` ${why} \`${route.method} ${route.template}\``)
  }
}
