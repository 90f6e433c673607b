// The headers of the request to the upstream, built anew from the raw list: order, case and repeats survive, and
// nothing that a client writes, under whatever alias, can take away or stand beside what the gateway says.

import type { Settings, Table, Upstream } from '../config/compiled.ts'
import { foldHeaderName } from '../config/header-names.ts'
import {
  type Fate,
  forwardsAuthorization,
  judgeName,
  reservedNames,
} from '../config/request/forwarded-headers.ts'
import type { Access } from './access.ts'
import { makeKnown } from './known-names.ts'

export interface HeaderBuilder {
  /** Flat name, value list for the upstream, without Host and Content-Length, which the dispatcher writes. */
  build(access: Access): string[]
}

/** Names seen lately, so that each is folded and judged once; bounded, as clients choose the names. */
const rememberedNames = 2_000

/** Makes the builder for one upstream under one table: their names are known beforehand. */
export function createHeaderBuilder(settings: Settings, table: Table, upstream: Upstream): HeaderBuilder {
  const reserved = reservedNames(settings, table, upstream)
  const fates = new Map<string, Fate>()
  const { identity } = settings
  for (const name of [...ownNames, ...Object.values(identity), ...upstream.headers.map(([name]) => name)]) {
    makeKnown(name)
  }

  function fateOf(name: string): Fate {
    let fate = fates.get(name)
    if (fate === undefined) {
      fate = judgeName(foldHeaderName(name), reserved)
      if (fates.size >= rememberedNames) fates.clear()
      fates.set(name, fate)
    }
    return fate
  }

  function passes(access: Access, name: string): boolean {
    const fate = fateOf(name)
    if (fate === 'never') return false
    if (fate === 'trusted' && !access.isPeerTrusted) return false
    if (fate === 'authorization' && !passesAuthorization(access)) return false
    const { connectionNames } = access.head
    return connectionNames.length === 0 || !connectionNames.includes(foldHeaderName(name))
  }

  return {
    build(access) {
      const headers: string[] = []
      const fields = access.raw.rawHeaders
      for (let i = 0; i + 1 < fields.length; i += 2) {
        const name = fields[i] ?? ''
        if (passes(access, name)) headers.push(name, fields[i + 1] ?? '')
      }
      pushForwarded(headers, access)
      for (const [name, value] of upstream.headers) headers.push(name, value)
      const { principal } = access
      if (principal !== undefined) {
        const { record } = principal
        headers.push(identity.merchant, record.merchantId)
        headers.push(identity.permissions, principal.grant.permissionsHeader)
        headers.push(identity.key, record.keyId)
        headers.push(identity.environment, record.environment)
      }
      return headers
    },
  }
}

function passesAuthorization(access: Access): boolean {
  const api = access.host?.api
  return api !== undefined && forwardsAuthorization(api)
}

const ownNames = ['X-Request-Id', 'X-Forwarded-For', 'X-Forwarded-Proto', 'X-Forwarded-Host']

/** X-Request-Id and the X-Forwarded family: what a trusted proxy said is carried on, else only what we saw. */
function pushForwarded(headers: string[], access: Access): void {
  const { head, isPeerTrusted } = access
  const peer = access.peer
  headers.push('X-Request-Id', access.requestId)
  headers.push(
    'X-Forwarded-For',
    isPeerTrusted && head.forwardedFor !== undefined ? `${head.forwardedFor}, ${peer}` : peer,
  )
  headers.push('X-Forwarded-Proto', access.isSecure ? 'https' : 'http')
  headers.push('X-Forwarded-Host', (isPeerTrusted ? head.forwardedHost : undefined) ?? head.host)
}

type WayBack = 'pass' | 'never' | 'connection' | 'length' | 'trailer'

/** Of an upstream's response, by lower-case name; every other passes. */
const waysBack: ReadonlyMap<string, WayBack> = new Map([
  ['connection', 'connection'],
  ['content-length', 'length'],
  ['trailer', 'trailer'],
  ['keep-alive', 'never'],
  ['proxy-connection', 'never'],
  ['te', 'never'],
  ['transfer-encoding', 'never'],
  ['upgrade', 'never'],
  ['x-request-id', 'never'],
  ['x-error-source', 'never'],
])

/** Lengths of these names: most others are told from them by that alone. */
const judgedLengths = new Set([...waysBack.keys()].map((name) => name.length))
const isJudgedLength = Array.from({ length: Math.max(...judgedLengths) + 1 }, (_, i) => judgedLengths.has(i))

function wayBackOf(name: string): WayBack {
  return isJudgedLength[name.length] === true ? (waysBack.get(name.toLowerCase()) ?? 'pass') : 'pass'
}

/** Between hops, or for the gateway alone to say; in lower case. */
function isNeverBack(name: string): boolean {
  const way = waysBack.get(name)
  return way === 'never' || way === 'connection'
}

/**
 * The response's headers for the client: all but hop-by-hop ones and those that its Connection names, in order, case
 * and repeats as they came (latin1, byte for byte). `Trailer` goes where no trailers can follow: Node would not write
 * the head.
 */
export function responseHeaders(raw: readonly Buffer[], canHaveTrailers: boolean): string[] {
  const headers: string[] = []
  let dropped: readonly string[] = []
  let isChunked = canHaveTrailers
  let hasTrailer = false
  for (let i = 0; i + 1 < raw.length; i += 2) {
    const name = latin1(raw[i])
    const way = wayBackOf(name)
    if (way === 'never') continue
    const value = latin1(raw[i + 1])
    if (way === 'connection') {
      if (!isUsualConnection(value))
        dropped = [...dropped, ...value.split(',').map((text) => text.trim().toLowerCase())]
      continue
    }
    if (way === 'length') isChunked = false
    else if (way === 'trailer') hasTrailer = true
    headers.push(name, value)
  }
  if (hasTrailer && !isChunked) dropped = [...dropped, 'trailer']
  const takesAny = dropped.some((name) => name !== '' && name !== 'close' && !isNeverBack(name))
  return takesAny ? withoutNames(headers, dropped) : headers
}

/** Trailer fields, flat, for the client: without what is between hops or speaks for the gateway. */
export function responseTrailers(flat: readonly (string | Buffer)[]): [string, string][] {
  const trailers: [string, string][] = []
  for (let i = 0; i + 1 < flat.length; i += 2) {
    const name = latin1(flat[i])
    if (!isNeverBack(name.toLowerCase())) trailers.push([name, latin1(flat[i + 1])])
  }
  return trailers
}

/** What nearly every Connection says: it names no field that would have to be looked for. */
export function isUsualConnection(value: string): boolean {
  return value === 'keep-alive' || value === 'close'
}

function latin1(text: string | Buffer | undefined): string {
  return typeof text === 'string' ? text : (text?.toString('latin1') ?? '')
}

/** Connection cannot take away what frames the message. */
function withoutNames(headers: readonly string[], names: readonly string[]): string[] {
  const kept: string[] = []
  for (let i = 0; i + 1 < headers.length; i += 2) {
    const name = headers[i] ?? ''
    const lower = name.toLowerCase()
    if (lower === 'content-length' || !names.includes(lower)) kept.push(name, headers[i + 1] ?? '')
  }
  return kept
}
