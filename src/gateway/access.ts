// What the gateway has found out about a request so far: the one piece of state that travels with it
// (`request.access`). What the decision asks and finds (decision/inquiry.ts), and beside it the connection, the exchange and
// the outcome, which the decision knows nothing of.

import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Inquiry } from '../decision/inquiry.ts'
import type { Upstreams } from './upstream/upstreams.ts'

export interface Access extends Inquiry {
  readonly raw: IncomingMessage
  readonly reply: ServerResponse
  /** In force when the request began; it keeps them to its end. */
  readonly upstreams: Upstreams
  /** Shared by all requests: whether the server is in its drain, so that answers end their connections. */
  readonly server: { readonly isDraining: boolean }
  /** Shared by all requests: what counts those under way. */
  readonly load: { leave(): void }
  /** `performance.now()` at the start. */
  readonly startedAt: number
  /** Version and cipher of the connection, as the log has them; empty: plain HTTP. */
  readonly tls: string

  /** All stages let it through: its decision is known. Without that and without a denial, nothing was decided. */
  isLetThrough: boolean
  /** Name of the upstream that it was sent to, or would have been; undefined: it did not come to that. */
  upstream: string | undefined
  /** Bytes of the answer's body that were handed to the client's connection. */
  bytes: number
  /** Milliseconds that the upstream was waited for; undefined: it never was. */
  upstreamMs: number | undefined
  /** Milliseconds that the client was waited for, but for those since `clientSince`. */
  clientMs: number
  /** `performance.now()` when the answer was there and the kernel took no more of it; 0: it took all. */
  clientSince: number
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
