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

/** Of an upstream's response: dropped by lower-case name. */
const neverBack = new Set([
  'connection',
  'keep-alive',
  'proxy-connection',
  'te',
  'transfer-encoding',
  'upgrade',
  'x-request-id',
  'x-error-source',
])

type WayBack = 'pass' | 'never' | 'connection' | 'length' | 'trailer'

/** By the name as it came, so that each is judged once; bounded, as upstreams choose the names. */
const waysBack = new Map<string, WayBack>()

function wayBackOf(name: string): WayBack {
  let way = waysBack.get(name)
  if (way === undefined) {
    const lower = name.toLowerCase()
    const plain = neverBack.has(lower) ? 'never' : 'pass'
    way = specialWays.get(lower) ?? plain
    if (waysBack.size >= rememberedNames) waysBack.clear()
    // A copy: the name may be a piece of a whole head, which it would keep in memory.
    waysBack.set(Buffer.from(name, 'latin1').toString('latin1'), way)
  }
  return way
}

const specialWays: ReadonlyMap<string, WayBack> = new Map([
  ['connection', 'connection'],
  ['content-length', 'length'],
  ['trailer', 'trailer'],
])

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
  const texts = textsOf(raw)
  for (let i = 0; i + 1 < texts.length; i += 2) {
    const name = texts[i] ?? ''
    const way = wayBackOf(name)
    if (way === 'never') continue
    const value = texts[i + 1] ?? ''
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
  const takesAny = dropped.some((name) => name !== '' && name !== 'close' && !neverBack.has(name))
  return takesAny ? withoutNames(headers, dropped) : headers
}

/**
 * The parts of a head as text, byte for byte. They nearly always lie in one piece of memory, which is then read at once:
 * each call out of JavaScript costs more than the characters.
 */
function textsOf(parts: readonly Buffer[]): string[] {
  const first = parts[0]
  const last = parts.at(-1)
  if (first === undefined || last === undefined) return []
  const memory = first.buffer
  const start = first.byteOffset
  const end = last.byteOffset + last.length
  for (const part of parts) {
    const isInside = part.byteOffset >= start && part.byteOffset + part.length <= end
    if (!isInside || part.buffer !== memory) return parts.map((each) => each.toString('latin1'))
  }
  const all = Buffer.from(memory, start, end - start).toString('latin1')
  return parts.map((part) => all.slice(part.byteOffset - start, part.byteOffset - start + part.length))
}

/** Trailer fields, flat, for the client: without what is between hops or speaks for the gateway. */
export function responseTrailers(flat: readonly (string | Buffer)[]): [string, string][] {
  const trailers: [string, string][] = []
  for (let i = 0; i + 1 < flat.length; i += 2) {
    const name = latin1(flat[i])
    if (!neverBack.has(name.toLowerCase())) trailers.push([name, latin1(flat[i + 1])])
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
