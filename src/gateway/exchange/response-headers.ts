// The headers and trailers of an upstream's answer on their way to the client.

import { isUsualConnection } from '../../decision/request/head.ts'
import { listElements } from '../../errors/wire-text.ts'

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

function withoutNames(headers: readonly string[], names: ReadonlySet<string>): string[] {
  const kept: string[] = []
  for (let i = 0; i + 1 < headers.length; i += 2) {
    const name = headers[i] ?? ''
    if (!names.has(name.toLowerCase())) kept.push(name, headers[i + 1] ?? '')
  }
  return kept
}
