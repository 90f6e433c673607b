// What an answer to a key says to caches between the gateway and its clients. HTTP keeps them from storing answers to
// `Authorization` only (RFC 9111 §3.5): one to another header they store and give to whoever asks for the same URL.

import type { Api } from '../../config/compiled.ts'
import type { Access } from '../access.ts'

/** Where keys stand on the API of a request whose route asks for one; undefined: the answer is the same for all. */
export function keyPlaces({ route, host }: Access): Api['credential'] | undefined {
  return route === undefined || route.requirement.kind === 'public' ? undefined : host?.api.credential
}

/**
 * Completes the head of an answer on a keyed route, flat and without what is between hops: `Vary` lists where the key
 * stands, and `Cache-Control: private` is there where the upstream has said nothing of caching.
 *
 * Names join the last Vary field that is there: nginx before 1.23 reads that one only. `Vary: *` lists all.
 */
export function tellSharedCaches(headers: string[], { fields, fieldList }: Api['credential']): void {
  let varyAt = -1
  let varies = 0
  let saysCaching = false
  for (let i = 0; i + 1 < headers.length; i += 2) {
    const name = headers[i] ?? ''
    if (isVary(name)) {
      varyAt = i + 1
      varies++
    } else saysCaching ||= isOfCaching(name)
  }
  if (varies === 0) headers.push('Vary', fieldList)
  else if (varies === 1) headers[varyAt] = completed(headers, headers[varyAt] ?? '', fields)
  else headers[varyAt] = withNames(headers, headers[varyAt] ?? '', fields)
  if (!saysCaching) headers.push('Cache-Control', 'private')
}

/** Adds names to the last Vary field that is there, but those that are listed. */
export function varyBy(headers: string[], names: readonly string[]): void {
  let at = headers.length - 2
  while (at >= 0 && !isVary(headers[at] ?? '')) at -= 2
  if (at < 0) headers.push('Vary', names.join(', '))
  else headers[at + 1] = withNames(headers, headers[at + 1] ?? '', names)
}

/** By its first letter: as long a name that most answers have is `Date`. */
function isVary(name: string): boolean {
  return name.length === 4 && (name.charCodeAt(0) | 0x20) === 0x76 && name.toLowerCase() === 'vary'
}

/**
 * Whether a field speaks of caching to all: RFC 9111 has these two. `Pragma` means nothing in an answer (§5.4), and
 * `CDN-Cache-Control` and `Surrogate-Control` speak to some caches only, which do not read Cache-Control then (RFC 9213 §2.2).
 */
function isOfCaching(name: string): boolean {
  if (name.length === 13) return name.toLowerCase() === 'cache-control'
  return name.length === 7 && name.toLowerCase() === 'expires'
}

/** The last one: an upstream says the same nearly always, and Node takes long over a value that it has not seen. */
let known: { readonly fields: readonly string[]; readonly value: string; readonly completed: string } = {
  fields: [],
  value: '',
  completed: '',
}

function completed(headers: readonly string[], value: string, fields: readonly string[]): string {
  if (known.fields !== fields || known.value !== value) {
    known = { fields, value, completed: withNames(headers, value, fields) }
  }
  return known.completed
}

function withNames(headers: readonly string[], last: string, fields: readonly string[]): string {
  let value = last
  if (isListed(headers, '*')) return value
  for (const field of fields) {
    if (!isListed(headers, field.toLowerCase())) value = value === '' ? field : `${value}, ${field}`
  }
  return value
}

/** Whether one of the Vary fields lists a name, given in lower case. */
function isListed(headers: readonly string[], name: string): boolean {
  for (let i = 0; i + 1 < headers.length; i += 2) {
    if (isVary(headers[i] ?? '') && lists((headers[i + 1] ?? '').toLowerCase(), name)) return true
  }
  return false
}

function lists(list: string, name: string): boolean {
  for (let at = list.indexOf(name); at !== -1; at = list.indexOf(name, at + 1)) {
    let before = at - 1
    while (isBlank(list.charCodeAt(before))) before--
    let after = at + name.length
    while (isBlank(list.charCodeAt(after))) after++
    if ((before < 0 || list[before] === ',') && (after === list.length || list[after] === ',')) return true
  }
  return false
}

/** RFC 9110 §5.6.3. */
function isBlank(code: number): boolean {
  return code === 0x20 || code === 0x09
}
