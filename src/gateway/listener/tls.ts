// TLS to clients. Certificate and ticket keys are others' to find and to renew (main): here they are put in force, together, as
// Node forgets the one where the other is set alone.

import { constants } from 'node:crypto'
import type { Server as HttpsServer, ServerOptions } from 'node:https'
import type { Pair } from '../../config/certificates.ts'
import type { TlsSettings } from '../../config/compiled.ts'

/** Something that may be replaced while the process runs. */
export interface Followed<Value> {
  current(): Value
  /** Calls `take` with each later one. */
  follow(take: (value: Value) => void): void
}

export interface TlsSources {
  readonly pair: Followed<Pair>
  /** 48 bytes that session tickets are sealed with: the same in all processes of a port, so that each takes the others'. */
  readonly ticketKeys: Followed<Buffer>
}

/** Options for the server. */
export function tlsOptions(
  settings: TlsSettings,
  sources: TlsSources,
  handshakeTimeoutMs: number,
): ServerOptions & ReturnType<typeof contextOptions> {
  return {
    ...contextOptions(settings, sources),
    ...askingOf(settings),
    handshakeTimeout: handshakeTimeoutMs,
    ALPNProtocols: ['http/1.1'],
  }
}

const noAuthorities: string[] = []

/** Whether clients are asked for a certificate. Whoever has issued it: what a token is bound to is the certificate itself. */
function askingOf({ asksClients }: TlsSettings) {
  return asksClients ? { requestCert: true, rejectUnauthorized: false } : {}
}

function contextOptions({ ciphers }: TlsSettings, { pair, ticketKeys }: TlsSources) {
  const { cert, key } = pair.current()
  return {
    cert,
    key,
    ciphers,
    minVersion: 'TLSv1.2',
    // Who asks for a new handshake in the middle makes the server work for nothing; TLS 1.3 has none.
    secureOptions: constants.SSL_OP_NO_RENEGOTIATION,
    ticketKeys: ticketKeys.current(),
    // None of Node's own, which would be read and named to nobody's use.
    ca: noAuthorities,
    // Node makes one of the command line, in which workers and restarts may differ.
    sessionIdContext: 'latchkey',
  } as const
}

/** Keeps the server's certificate and ticket keys as they are renewed. */
export function followTls(server: HttpsServer, settings: TlsSettings, sources: TlsSources): void {
  const renew = () => server.setSecureContext(contextOptions(settings, sources))
  sources.pair.follow(renew)
  // node:cluster gives each worker the keys that the first of them listened with, however old they are by now.
  server.on('listening', () => server.setTicketKeys(sources.ticketKeys.current()))
  sources.ticketKeys.follow((keys) => server.setTicketKeys(keys))
}
