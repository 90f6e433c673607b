// The headers of the request to the upstream, built anew from the raw list: order, case and repeats survive, and
// nothing that a client writes, under whatever alias, can take away or stand beside what the gateway says.

import { validateHeaderName, validateHeaderValue } from 'node:http'
import type { Settings, Table, Upstream } from '../../config/compiled.ts'
import { foldHeaderName } from '../../config/header-names.ts'
import {
  type Fate,
  forwardsAuthorization,
  judgeName,
  reservedNames,
} from '../../config/request/forwarded-headers.ts'
import { listElements } from '../../errors/wire-text.ts'
import type { Access, Principal } from '../access.ts'

export interface HeaderBuilder {
  /**
   * Field lines for the upstream, each with its CRLF, without Host and what frames the message. Throws where the caller's
   * record holds what cannot stand in a header.
   */
  build(access: Access): string
}

/** Makes the builder for one upstream under one table: their names are known beforehand. Throws on one that is none. */
export function createHeaderBuilder(settings: Settings, table: Table, upstream: Upstream): HeaderBuilder {
  const reserved = reservedNames(settings, table, upstream)
  const fateOf = remembering((name) => judgeName(foldHeaderName(name), reserved))
  const identify = createIdentifier(settings)

  function passes(access: Access, name: string): boolean {
    const fate = fateOf(name)
    if (fate === 'never') return false
    if (fate === 'trusted' && !access.isPeerTrusted) return false
    if (fate === 'authorization' && !passesAuthorization(access)) return false
    const { connectionNames } = access.head
    // As many as may be listed, and no more (`mostConnectionNames`).
    return connectionNames.length === 0 || !connectionNames.includes(foldHeaderName(name))
  }

  const configured = upstream.headers.map(([name, value]) => fieldLine(name, value)).join('')

  return {
    build(access) {
      let lines = ''
      const fields = access.raw.rawHeaders
      for (let i = 0; i + 1 < fields.length; i += 2) {
        const name = fields[i] ?? ''
        // Parsed from a head: neither can hold the end of a line.
        if (passes(access, name)) lines += `${name}: ${fields[i + 1]}\r\n`
      }
      lines += forwarded(access) + configured
      return access.principal === undefined ? lines : lines + identify(access.principal)
    },
  }
}

/** So many names at least are remembered, and twice as many at most. */
const rememberedNames = 1_000

/**
 * What was judged of the names seen lately, so that each is folded and judged once. Clients choose the names: those that
 * one of them makes up push out what nobody asks for any more, not what comes with every request.
 */
function remembering(judge: (name: string) => Fate): (name: string) => Fate {
  let recent = new Map<string, Fate>()
  let older = recent
  return (name) => {
    let fate = recent.get(name)
    if (fate === undefined) {
      fate = older.get(name) ?? judge(name)
      if (recent.size >= rememberedNames) {
        older = recent
        recent = new Map()
      }
      recent.set(name, fate)
    }
    return fate
  }
}

/** Tells who calls. */
function createIdentifier({ identity }: Settings): (principal: Principal) => string {
  for (const name of Object.values(identity)) validateHeaderName(name)
  return ({ record, grant }) => {
    const merchant = `${identity.merchant}: ${checked(record.merchantId)}\r\n`
    const permissions = `${identity.permissions}: ${checked(grant.permissionsHeader)}\r\n`
    const key = `${identity.key}: ${checked(record.keyId)}\r\n`
    return `${merchant}${permissions}${key}${identity.environment}: ${checked(record.environment)}\r\n`
  }
}

const unwritable = /[^\t\x20-\x7e\x80-\xff]/

/** A line's end in a value would be the next field's beginning. */
function checked(value: string): string {
  if (unwritable.test(value)) throw new Error("the caller's record holds what cannot stand in a header")
  return value
}

function fieldLine(name: string, value: string): string {
  validateHeaderName(name)
  validateHeaderValue(name, value)
  return `${name}: ${value}\r\n`
}

function passesAuthorization(access: Access): boolean {
  const api = access.host?.api
  return api !== undefined && forwardsAuthorization(api)
}

/** X-Request-Id and the X-Forwarded family: what a trusted proxy said is carried on, else only what we saw. */
function forwarded(access: Access): string {
  const { head, isPeerTrusted, peer } = access
  const before = isPeerTrusted && head.forwardedFor !== undefined ? `${head.forwardedFor}, ` : ''
  const host = (isPeerTrusted ? head.forwardedHost : undefined) ?? head.host
  const id = `X-Request-Id: ${access.requestId}\r\nX-Forwarded-For: ${before}${peer}\r\n`
  return `${id}X-Forwarded-Proto: ${access.isSecure ? 'https' : 'http'}\r\nX-Forwarded-Host: ${host}\r\n`
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
export function responseHeaders(fields: readonly string[], canHaveTrailers: boolean): string[] {
  const headers: string[] = []
  let dropped: Set<string> | undefined
  let isChunked = canHaveTrailers
  let hasTrailer = false
  for (let i = 0; i + 1 < fields.length; i += 2) {
    const name = fields[i] ?? ''
    const way = wayBackOf(name)
    if (way === 'never') continue
    const value = fields[i + 1] ?? ''
    if (way === 'connection') {
      if (!isUsualConnection(value)) dropped = withNames(dropped, value)
      continue
    }
    if (way === 'length') isChunked = false
    else if (way === 'trailer') hasTrailer = true
    headers.push(name, value)
  }
  if (hasTrailer && !isChunked) dropped = (dropped ?? new Set<string>()).add('trailer')
  return dropped === undefined ? headers : withoutNames(headers, dropped)
}

/** Adds those names that Connection lists and that would pass, but for what frames the message, which it cannot take away. */
function withNames(names: Set<string> | undefined, connection: string): Set<string> | undefined {
  let more = names
  for (const element of listElements(connection)) {
    const name = element.toLowerCase()
    const way = waysBack.get(name)
    if (name !== '' && name !== 'close' && (way === undefined || way === 'trailer'))
      more = (more ?? new Set<string>()).add(name)
  }
  return more
}

/** Trailer fields, flat, for the client: without what is between hops or speaks for the gateway. */
export function responseTrailers(flat: readonly string[]): [string, string][] {
  const trailers: [string, string][] = []
  for (let i = 0; i + 1 < flat.length; i += 2) {
    const name = flat[i] ?? ''
    if (!isNeverBack(name.toLowerCase())) trailers.push([name, flat[i + 1] ?? ''])
  }
  return trailers
}

/** What nearly every Connection says: it names no field that would have to be looked for. */
export function isUsualConnection(value: string): boolean {
  return value === 'keep-alive' || value === 'close'
}

function withoutNames(headers: readonly string[], names: ReadonlySet<string>): string[] {
  const kept: string[] = []
  for (let i = 0; i + 1 < headers.length; i += 2) {
    const name = headers[i] ?? ''
    if (!names.has(name.toLowerCase())) kept.push(name, headers[i + 1] ?? '')
  }
  return kept
}
