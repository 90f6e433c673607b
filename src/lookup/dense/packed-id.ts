// Ids (`key_01J…`: a prefix, and a ULID in 26 digits of Crockford's base32) in 16 bytes each.

import { idAlphabet } from '../../telemetry/request-id.ts'

export const packedBytes = 16

const digits = 26
/** The first two digits are a byte, as a ULID has 128 bits; each eight of the others are five bytes. */
const groups = 3
const groupDigits = 8
const groupBytes = 5

const valueOf = new Uint8Array(128).fill(255)
for (let value = 0; value < idAlphabet.length; value++) valueOf[idAlphabet.charCodeAt(value)] = value
/** Two digits at a time, as they lie in memory. */
const pairs = new Uint16Array(1024)
const pairBytes = Buffer.from(pairs.buffer)
for (let pair = 0; pair < 1024; pair++)
  pairBytes.write(idAlphabet.charAt(pair >> 5) + idAlphabet.charAt(pair & 31), 2 * pair, 'latin1')

/** The beginning of an id, with its underscore: what `packId` leaves out. Empty where there is none. */
export function prefixOf(id: string): string {
  return id.slice(0, id.indexOf('_') + 1)
}

/** Writes what is behind the prefix of an id; false: it is no ULID, and what was written means nothing. */
export function packId(bytes: Buffer, at: number, id: string): boolean {
  const start = id.indexOf('_') + 1
  if (id.length - start !== digits || start > mostPrefix) return false
  const second = digitAt(id, start + 1)
  const first = digitAt(id, start) * 32 + second
  let isUlid = first < 256 && second < 32 && isPlain.test(id.slice(0, start))
  bytes[at] = first
  for (let group = 0; group < groups; group++) {
    let value = 0
    for (let i = 0; i < groupDigits; i++) {
      const digit = digitAt(id, start + 2 + group * groupDigits + i)
      if (digit > 31) isUlid = false
      value = value * 32 + (digit & 31)
    }
    bytes.writeUIntBE(value, at + 1 + group * groupBytes, groupBytes)
  }
  return isUlid
}

const isPlain = /^[a-z_]*$/

/** More than 31: it is none. */
function digitAt(id: string, at: number): number {
  return valueOf[id.charCodeAt(at)] ?? 255
}

const mostPrefix = 14
/** Of an id in the draft; its digits begin where a prefix of the greatest length ends. */
const zone = mostPrefix + digits
const draft = new Uint16Array((3 * zone) / 2)
const draftBytes = Buffer.from(draft.buffer)
/** The prefixes that stand in the draft. */
let drafted: Prefixes = ['', '', '']

export type Prefixes = readonly [string, string, string]

/** Three ids that were packed one behind another, with their prefixes. */
export function unpackIds(bytes: Buffer, at: number, prefixes: Prefixes): [string, string, string] {
  const [first, second, third] = prefixes
  if (first !== drafted[0] || second !== drafted[1] || third !== drafted[2]) draftPrefixes(prefixes)
  for (let i = 0; i < 3; i++) unpackDigits(bytes, at + i * packedBytes, (i * zone + mostPrefix) / 2)
  // Read at once, and cut: each call into the runtime costs more than all the digits.
  const text = draftBytes.toString('latin1')
  return [
    text.slice(mostPrefix - first.length, zone),
    text.slice(zone + mostPrefix - second.length, 2 * zone),
    text.slice(2 * zone + mostPrefix - third.length),
  ]
}

function draftPrefixes(prefixes: Prefixes): void {
  for (const [i, prefix] of prefixes.entries())
    draftBytes.write(prefix, i * zone + mostPrefix - prefix.length, 'latin1')
  drafted = prefixes
}

function unpackDigits(bytes: Buffer, at: number, place: number): void {
  draft[place] = pairs[bytes[at] ?? 0] ?? 0
  for (let group = 0; group < groups; group++) {
    const from = at + 1 + group * groupBytes
    const middle = bytes[from + 2] ?? 0
    const high = ((bytes[from] ?? 0) << 12) | ((bytes[from + 1] ?? 0) << 4) | (middle >> 4)
    const low = ((middle & 15) << 16) | ((bytes[from + 3] ?? 0) << 8) | (bytes[from + 4] ?? 0)
    const to = place + 1 + (group * groupDigits) / 2
    draft[to] = pairs[high >> 10] ?? 0
    draft[to + 1] = pairs[high & 1023] ?? 0
    draft[to + 2] = pairs[low >> 10] ?? 0
    draft[to + 3] = pairs[low & 1023] ?? 0
  }
}
