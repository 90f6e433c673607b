// `control.audit_sink`: what its schema cannot say, and what it becomes.

import { resolve } from 'node:path'
import { isLoopback, whyNoEndpoint } from './address.ts'
import type { CheckedFile } from './check-settings.ts'
import type { AuditSink } from './compiled.ts'
import { isHeaderValue } from './header-names.ts'
import type { GatewayFile } from './schema.ts'
import { placeOfKey, placeOfValue } from './tree.ts'
import { parseDuration } from './units.ts'

/** Headers that say where a message ends and what it is, which nobody else may. */
const own = new Set(['host', 'content-length', 'content-type', 'transfer-encoding', 'connection', 'expect'])

/** Reports what is wrong with it. Neither the URL nor a header's value is repeated: they may hold what nobody should read. */
export function checkAuditSink({ tree, file, report }: CheckedFile): void {
  const sink = file.control?.audit_sink
  if (sink === undefined) return
  const at = ['control', 'audit_sink']
  if ((sink.url === undefined) === (sink.file === undefined))
    report.fault(placeOfValue(tree, at), '`audit_sink` needs one of `url` and `file`')
  if (sink.url !== undefined) checkUrl(sink.url, { tree, file, report })
  if (sink.ca !== undefined && sink.url?.startsWith('https:') !== true)
    report.fault(placeOfKey(tree, [...at, 'ca']), '`ca` is for an https:// `url`')
  for (const [name, value] of Object.entries(sink.headers ?? {})) {
    const path = [...at, 'headers', name]
    if (own.has(name.toLowerCase()))
      report.fault(placeOfKey(tree, path), `the header \`${name}\` cannot be set here`)
    if (value !== undefined && !isHeaderValue(value))
      report.fault(placeOfValue(tree, path), `the value of \`${name}\` is no valid HTTP header value`)
  }
}

function checkUrl(text: string, { tree, report }: CheckedFile): void {
  const place = placeOfValue(tree, ['control', 'audit_sink', 'url'])
  const url = URL.canParse(text) ? new URL(text) : undefined
  const isWeb = url?.protocol === 'https:' || url?.protocol === 'http:'
  if (url === undefined || !isWeb || url.username !== '' || url.password !== '' || text.includes('#'))
    return report.fault(place, '`url` must be an http:// or https:// URL without user, password and fragment')
  const odd = whyNoEndpoint(text)
  if (odd !== undefined) return report.fault(place, `\`url\` cannot be used: ${odd}`)
  if (url.protocol === 'http:' && !isLoopback(url.hostname))
    report.warn(place, 'the audit travels in clear to this URL: it should be https://')
}

/** null: there is none. `folder`: where relative paths begin. */
export function compileAuditSink({ control }: GatewayFile, folder: string): AuditSink | null {
  const sink = control.audit_sink
  if (sink === undefined) return null
  if (sink.file !== undefined) return { kind: 'file', path: resolve(folder, sink.file) }
  return {
    kind: 'http',
    url: sink.url ?? '',
    headers: Object.entries(sink.headers),
    caFile: sink.ca === undefined ? null : resolve(folder, sink.ca),
    timeoutMs: parseDuration(sink.timeout),
  }
}
