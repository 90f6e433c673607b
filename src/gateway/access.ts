// What the gateway has found out about a request so far: the one piece of state that travels with it
// (`request.access`). Each stage fills its own fields and reads those of the stages before it.

import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Api, ApiEnvironment, HostMatch, Route, Table } from '../config/compiled.ts'
import type { CredentialRecord } from '../credentials/record.ts'
import type { Secret } from '../credentials/secret.ts'
import type { Denial } from '../errors/denial.ts'
import type { DenyList } from './deny-list.ts'
import type { Upstreams } from './upstream/upstreams.ts'

/** What a caller may do. One object for all whose keys hold the same: made once a table. */
export interface Grant {
  readonly held: ReadonlySet<string>
  /** Value of the permissions header: comma-separated, sorted, `*` expanded. */
  readonly permissionsHeader: string
}

/** The verified caller. */
export interface Principal {
  readonly record: CredentialRecord
  readonly grant: Grant
}

export interface Access {
  readonly requestId: string
  readonly raw: IncomingMessage
  readonly reply: ServerResponse
  /** The request target as it came, in origin-form, never parsed anew: what is judged is what is sent. */
  readonly target: string
  /** The table and the upstreams in force when the request began; it keeps them to its end. */
  readonly table: Table
  readonly upstreams: Upstreams
  /** What was denied when the request began; null: nothing. */
  readonly denied: DenyList | null
  /** Shared by all requests: whether the server is in its drain, so that answers end their connections. */
  readonly server: { readonly isDraining: boolean }
  /** Shared by all requests: what counts those under way. */
  readonly load: { leave(): void }
  /** `performance.now()` at the start. */
  readonly startedAt: number

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
  /** Version and cipher of the connection, as the log has them; empty: plain HTTP. */
  readonly tls: string

  // The route
  /** The target up to the query. */
  path: string
  host: HostMatch | undefined
  route: Route | undefined
  /** A CORS preflight that goes without a key: to the upstream, or, where the API has rules of its own, to the gateway. */
  isPreflight: boolean

  // The caller
  credential: Secret | undefined
  environment: ApiEnvironment | undefined
  principal: Principal | undefined
  /** Which tier answered the look-up. */
  tier: string | undefined

  // The outcome
  denial: Denial | undefined
  /** What was thrown, if something was: for the log, by its message only. */
  failure: unknown
  /** All stages let it through: its decision is known. Without that and without a denial, nothing was decided. */
  isLetThrough: boolean
  /** Milliseconds that the upstream was waited for; undefined: it never was. */
  upstreamMs: number | undefined
  /** Milliseconds that the client was waited for, but for those since `clientSince`. */
  clientMs: number
  /** `performance.now()` when the answer was there and the kernel took no more of it; 0: it took all. */
  clientSince: number
  /** Milliseconds for which its refusal waited for its turn: time that nobody worked. */
  heldMs: number
  /** `performance.now()` when it began to wait for that; 0: it does not wait. */
  heldSince: number
  /** Status sent to the client; 0: nothing was. */
  status: number
  /** Counts as under way: it is not answered yet. What waits for its reader then is no work any more. */
  isUnderWay: boolean
  /** The response, or its connection, has closed. */
  isClosed: boolean
  /** The exchange with the upstream, to be ended with the request. */
  exchange: { abandon(): void } | undefined
  /** The request or its response did not come to its proper end: by whom; undefined: it did. */
  cut: CutBy | undefined
}

/** Who ends what does not come to its proper end: `timeout` is a limit of time, `gateway` another one, or a fault of ours. */
export type CutBy = 'client' | 'upstream' | 'timeout' | 'gateway'

/** What a head may have too much of: fields, bytes, names that its Connection lists. */
export type HeadExcess = 'header_count' | 'header_bytes' | 'connection_names'

/** The header fields that decide anything, gathered in one pass over the raw list. */
export interface Head {
  /** Why the head was not read to its end: nothing but Accept is known of it then; undefined: it was. */
  excess: HeadExcess | undefined
  hosts: number
  host: string
  contentLength: number | undefined
  /** A body follows whose length is not known: it comes in chunks, or the head was not read to its end. */
  isChunked: boolean
  /** How many Transfer-Encoding fields there are, and the value of the last one. */
  transferEncodings: number
  transferEncoding: string
  expectsContinue: boolean
  accept: string | undefined
  /** Values of Authorization fields. */
  authorization: string[]
  /** Folded names of the fields that Connection lists. */
  connectionNames: string[]
  /** X-Forwarded-For values joined in order of arrival. */
  forwardedFor: string | undefined
  forwardedProto: string | undefined
  forwardedHost: string | undefined
  requestId: string | undefined
  /** Origin; a repeated one is a list, which is no origin. */
  origin: string | undefined
  /** Access-Control-Request-Method; a repeated one is a list, which is no method. */
  requestMethod: string | undefined
}

/** A stage: looks at a request, and lets it go on or refuses it. The core returns, the edge acts. */
export type Stage = (access: Access) => Denial | undefined | Promise<Denial | undefined>

/** API of the request, once the host is known. */
export function apiOf(access: Access): Api | undefined {
  return access.host?.api
}

/** Whether a request body follows the head. */
export function hasBody(head: Head): boolean {
  return head.isChunked || (head.contentLength ?? 0) > 0
}
