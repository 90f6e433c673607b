// One request under decision: what is asked, what is in force, and what the stages have found out so far. Each stage fills
// its own fields and reads those of the stages before it.
//
// Whoever has a request can ask: the proxy has one from the wire (gateway/access.ts: the same object, with the connection
// beside it), `explain` and the like one that was written down (question.ts). So nothing here knows a socket, a message of
// Node's, a pool of connections or a framework.

import type { ApiEnvironment, HostMatch, Route, Table } from '../config/compiled.ts'
import type { CredentialRecord } from '../credentials/record.ts'
import type { Secret } from '../credentials/secret.ts'
import type { Denial } from '../errors/denial.ts'
import type { DenyList } from './deny-list.ts'
import type { Spent } from '../limits/limiter.ts'
import type { QuotaStanding } from '../limits/quotas.ts'
import type { Principal } from './principal.ts'
import { type ClientFinder, isSecureBehind } from './request/client.ts'
import { type Head, type HeadLimits, readHead } from './request/head.ts'
import { originForm } from './request/target.ts'

/** A request as any face can tell it. */
export interface RequestView {
  readonly method: string
  /** The request target as it came. */
  readonly target: string
  /** Names and values of the header fields in turn, as they came. */
  readonly fields: readonly string[]
  readonly httpMajor: number
  readonly httpMinor: number
  /** Address at the other end of the connection. */
  readonly peer: string
  /** Whether what the peer says of others is believed (`ClientFinder.isTrusted`). */
  readonly isPeerTrusted: boolean
  /** Whether the peer spoke TLS. */
  readonly isPeerTls: boolean
}

/** What a request is decided by, beside what the stages hold themselves (stages.ts): it keeps that to its end. */
export interface InForce {
  readonly table: Table
  /** null: nothing is denied. */
  readonly denied: DenyList | null
}

export interface Inquiry extends InForce {
  readonly requestId: string
  readonly method: string
  /** The request target as it came, in origin-form, never parsed anew: what is judged is what is sent. */
  readonly target: string
  /** Names and values of the header fields in turn, as they came. */
  readonly fields: readonly string[]
  readonly httpMajor: number
  readonly httpMinor: number

  // The head of the message
  head: Head
  /** Address at the other end of the connection. */
  peer: string
  /** Address of the client (behind trusted proxies, the address that they vouch for). */
  client: string
  /** Whether the peer is a trusted proxy. */
  isPeerTrusted: boolean
  /** Whether the client spoke https, to us or to the trusted proxy. */
  isSecure: boolean
  /** SHA-256 (base64url) of the certificate that the client has shown; undefined: it has shown none. */
  certificate: () => string | undefined

  // The route
  /** The target up to the query. */
  path: string
  host: HostMatch | undefined
  route: Route | undefined
  /** A CORS preflight that goes without a key: to the upstream, or, where the API has rules of its own, to the gateway. */
  isPreflight: boolean
  /** The route that a preflight asks about: it goes where that one's requests go. */
  preflightRoute: Route | undefined

  // The caller
  credential: Secret | undefined
  /** It came under the scheme DPoP, and so with a proof. */
  isDpop: boolean
  environment: ApiEnvironment | undefined
  principal: Principal | undefined
  /** Which tier answered the look-up. */
  tier: string | undefined

  // How often
  /** What the limits of the route say; undefined: it has none, or it did not come to that. */
  spent: Spent | undefined
  /** What the quotas of the API say; undefined: it has none, or it did not come to that. */
  use: QuotaStanding | undefined
  /** Whose request counts as under way; undefined: nobody's. */
  entered: CredentialRecord | undefined

  // The outcome
  denial: Denial | undefined
  /** What was thrown, if something was: for the log, by its message only. */
  failure: unknown
  /** Milliseconds for which its refusal waited for its turn: time that nobody worked. */
  heldMs: number
  /** Monotonic milliseconds when it began to wait for that; 0: it does not wait. */
  heldSince: number
}

/** A stage: looks at a request, and lets it go on or refuses it. The core returns, the edge acts. */
export type Stage<Asked extends Inquiry = Inquiry> = (
  inquiry: Asked,
) => Denial | undefined | Promise<Denial | undefined>

/** Begins an inquiry that is no more than that. (The proxy begins its own: gateway/listener/begin.ts.) */
export function beginInquiry(
  view: RequestView,
  { table, denied }: InForce,
  { limits, clients }: { readonly limits: HeadLimits; readonly clients: ClientFinder },
): Inquiry {
  const { method, target, fields, httpMajor, httpMinor, peer, isPeerTrusted, isPeerTls } = view
  const head = readHead(fields, httpMinor, limits)
  return {
    requestId: '',
    method,
    target: originForm(target, head.host, method),
    fields,
    httpMajor,
    httpMinor,
    table,
    denied,
    head,
    peer,
    client: isPeerTrusted ? clients.clientBehind(peer, head) : peer,
    isPeerTrusted,
    isSecure: isPeerTrusted ? isSecureBehind(isPeerTls, head) : isPeerTls,
    certificate: () => undefined,
    path: '',
    host: undefined,
    route: undefined,
    isPreflight: false,
    preflightRoute: undefined,
    credential: undefined,
    isDpop: false,
    environment: undefined,
    principal: undefined,
    tier: undefined,
    spent: undefined,
    use: undefined,
    entered: undefined,
    denial: undefined,
    failure: undefined,
    heldMs: 0,
    heldSince: 0,
  }
}
