// `hub`: what its schema cannot say, and what it becomes.

import { isLoopback } from './address.ts'
import type { CheckedFile } from './check-settings.ts'
import type { HubSettings } from './hub-compiled.ts'
import type { GatewayFile } from './schema.ts'
import { placeOfValue } from './tree.ts'
import { parseDuration } from './units.ts'

/** Reports what is wrong with `hub`. The mail server's URL may hold a password: no message repeats it. */
export function checkHub({ tree, file, report }: CheckedFile): void {
  const { hub, control } = file
  if (hub === undefined) return
  if (control !== undefined && control.public_url === undefined && !isLoopback(control.host ?? '')) {
    const message = '`hub` needs `control.public_url`: links that people get are made from it'
    report.fault(placeOfValue(tree, ['hub']), message)
  }
  const { smtp, from } = hub.mail ?? {}
  if (smtp !== undefined && !isSmtpUrl(smtp)) {
    const message =
      '`smtp` must be an smtp:// or smtps:// URL with a host and no path; behind it `?requireTLS=true` or, without a password, `?requireTLS=false`'
    report.fault(placeOfValue(tree, ['hub', 'mail', 'smtp']), message)
  }
  if (from !== undefined && !/^(?:[^<>\r\n]{0,100}<[^<>\s@]+@[^<>\s@]+>|[^<>\s@]+@[^<>\s@]+)$/.test(from)) {
    const message =
      '`from` must be an address such as no-reply@example.com or `Example <no-reply@example.com>`'
    report.fault(placeOfValue(tree, ['hub', 'mail', 'from']), message)
  }
  checkOidc({ tree, file, report })
  const { idle, absolute } = hub.sessions ?? {}
  if (idle !== undefined && absolute !== undefined && parseDuration(idle) > parseDuration(absolute)) {
    const message = '`idle` is longer than `absolute`, and so does nothing'
    report.warn(placeOfValue(tree, ['hub', 'sessions', 'idle']), message)
  }
}

/** A provider's name as a part of a path. */
function idOf(name: string): string {
  return name
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-|-$/g, '')
}

/** The secret is not repeated. */
function checkOidc({ tree, file, report }: CheckedFile): void {
  const seen = new Set(['callback', ''])
  for (const [index, provider] of (file.hub?.oidc ?? []).entries()) {
    const at = ['hub', 'oidc', index]
    if (provider?.issuer !== undefined && !isIssuer(provider.issuer))
      report.fault(
        placeOfValue(tree, [...at, 'issuer']),
        '`issuer` must be an https:// URL without a query (http:// on this machine alone)',
      )
    if (provider?.name === undefined) continue
    const id = idOf(provider.name)
    if (seen.has(id))
      report.fault(
        placeOfValue(tree, [...at, 'name']),
        '`name` must have letters or digits, and others than every other provider’s',
      )
    seen.add(id)
  }
}

function isIssuer(text: string): boolean {
  const url = URL.canParse(text) ? new URL(text) : undefined
  if (url === undefined || url.search !== '' || url.hash !== '' || url.username !== '') return false
  return url.protocol === 'https:' || (url.protocol === 'http:' && isLoopback(url.hostname))
}

function isSmtpUrl(text: string): boolean {
  const url = URL.canParse(text) ? new URL(text) : undefined
  if (url === undefined || !['smtp:', 'smtps:'].includes(url.protocol)) return false
  return url.hostname !== '' && ['', '/'].includes(url.pathname) && isTlsWish(url) && url.hash === ''
}

/** Nothing is said, or that TLS is wanted; that it is not, where no password would go without. */
function isTlsWish({ search, username }: URL): boolean {
  return search === '' || search === '?requireTLS=true' || (search === '?requireTLS=false' && username === '')
}

/** null: there is no hub. */
export function compileHub({ hub, control }: GatewayFile): HubSettings | null {
  if (hub === undefined) return null
  const scheme = control.tls === undefined ? 'http' : 'https'
  return {
    publicUrl: new URL(control.public_url ?? `${scheme}://localhost:${control.port}`).origin,
    path: hub.path,
    mail: hub.mail ?? null,
    sessions: {
      idleMs: parseDuration(hub.sessions.idle),
      absoluteMs: parseDuration(hub.sessions.absolute),
      commandLineMs: parseDuration(hub.sessions.command_line),
    },
    oidc: hub.oidc.map(({ name, issuer, client_id: clientId, client_secret: clientSecret, operators }) => ({
      ...{ id: idOf(name), name, issuer, clientId, clientSecret },
      operators: operators ?? null,
    })),
  }
}
