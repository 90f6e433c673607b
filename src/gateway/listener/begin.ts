// The beginning of a request: its head read, its client identified, and everything that is in force at this moment tied
// to it.

import type { IncomingMessage, ServerResponse } from 'node:http'
import { performance } from 'node:perf_hooks'
import type { Table } from '../../config/compiled.ts'
import type { Access } from '../access.ts'
import type { DenyList } from '../../decision/deny-list.ts'
import { type HeadLimits, readHead } from '../../decision/request/head.ts'
import { originForm } from '../../decision/request/target.ts'
import type { Upstreams } from '../upstream/upstreams.ts'
import { clientIdentifier } from './client-identity.ts'

export interface BeginDeps {
  readonly trustedProxies: readonly string[]
  readonly clientCertHeader: boolean
  readonly limits: HeadLimits
  readonly drain: { readonly isDraining: boolean }
  readonly load: { leave(): void }
  readonly inForce: () => { readonly table: Table; readonly upstreams: Upstreams }
  readonly denied: () => DenyList | null
  readonly newId: (prefix: string) => string
}

/** Returns a function that makes the state of a request before the first stage; `target` as it came. */
export function accessMaker(
  deps: BeginDeps,
): (raw: IncomingMessage, reply: ServerResponse, target: string) => Access {
  const identify = clientIdentifier(deps)
  return (raw, reply, target) => {
    const startedAt = performance.now()
    const method = raw.method ?? ''
    const head = readHead(raw.rawHeaders, raw.httpVersionMinor, deps.limits)
    const { peer, client, isPeerTrusted, isSecure, tls, certificate } = identify(raw, head)
    const { table, upstreams } = deps.inForce()
    return {
      requestId: (isPeerTrusted && acceptableId(head.requestId)) || deps.newId('req'),
      method,
      target: originForm(target, head.host, method),
      fields: raw.rawHeaders,
      httpMajor: raw.httpVersionMajor,
      httpMinor: raw.httpVersionMinor,
      table,
      denied: deps.denied(),
      raw,
      reply,
      upstreams,
      server: deps.drain,
      load: deps.load,
      startedAt,
      head,
      peer,
      client,
      isPeerTrusted,
      isSecure,
      certificate,
      tls,
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
      isLetThrough: false,
      upstream: undefined,
      bytes: 0,
      upstreamMs: undefined,
      clientMs: 0,
      clientSince: 0,
      heldMs: 0,
      heldSince: 0,
      status: 0,
      isUnderWay: true,
      isClosed: false,
      exchange: undefined,
      cut: undefined,
    }
  }
}

/** What balancers make ids of: HAProxy's have colons between addresses and ports, Envoy's and others' more than that. */
function acceptableId(id: string | undefined): string | undefined {
  return id !== undefined && /^[A-Za-z0-9._:@+/={}-]{1,128}$/.test(id) ? id : undefined
}
