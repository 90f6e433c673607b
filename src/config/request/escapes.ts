// Escapes that a path may hold only where its route says so (`escapes`): `#`, `?` and `%` in names that upstreams give. Who
// takes the escape for the thing itself cuts the path there, or decodes it once more; a route vouches that its upstream
// does not. What it need not vouch for stays refused. Pure.

import type { PathFault, PathReason } from './path-fault.ts'
import { decodeWholly, isDotSegment } from './percent-encoding.ts'

/** In the words of a permission table. */
export const escapeNames = ['hash', 'question', 'percent'] as const
export type EscapeName = (typeof escapeNames)[number]

/** A set of them, a bit each. */
export type Escapes = number

interface Kind {
  readonly bit: Escapes
  readonly byte: number
  readonly reason: PathReason
}

const kinds = {
  hash: { bit: 1, byte: 0x23, reason: 'escaped_hash' },
  question: { bit: 2, byte: 0x3f, reason: 'escaped_question_mark' },
  percent: { bit: 4, byte: 0x25, reason: 'escaped_percent' },
} as const satisfies Record<EscapeName, Kind>

const byByte: ReadonlyMap<number, Kind> = new Map(Object.values(kinds).map((kind) => [kind.byte, kind]))

/** The set of some names. */
export function escapesOf(names: readonly EscapeName[]): Escapes {
  return names.reduce((set, name) => set | kinds[name].bit, 0)
}

/** The names of a set, in their order. */
export function namesOf(escapes: Escapes): EscapeName[] {
  return escapeNames.filter((name) => (escapes & kinds[name].bit) !== 0)
}

/** The escape as a client writes it: `%23`. */
export function escapeText(name: EscapeName): string {
  return `%${kinds[name].byte.toString(16)}`
}

/** Whether `escapes` has the escape of a byte. */
export function permits(escapes: Escapes, byte: number): boolean {
  return ((byByte.get(byte)?.bit ?? 0) & escapes) !== 0
}

/**
 * What is wrong with the escapes of a path that is otherwise judged, on a route that takes `permitted`. Refused besides: a
 * dot segment in front of a hash or question mark, which who cuts the path there resolves; and behind a percent sign what
 * would turn into a delimiter, a dot or a control character for who decodes again.
 */
export function faultInEscapes(path: string, permitted: Escapes): PathFault | undefined {
  let hasPercent = false
  for (let at = path.indexOf('%'); at !== -1; at = path.indexOf('%', at + 3)) {
    const kind = byByte.get(Number.parseInt(path.slice(at + 1, at + 3), 16))
    if (kind === undefined) continue
    if ((kind.bit & permitted) === 0) return { reason: kind.reason, at }
    if (kind === kinds.percent) hasPercent = true
    else {
      const start = path.lastIndexOf('/', at) + 1
      if (isDotSegment(path, start, at)) return { reason: 'dot_segment', at: start }
    }
  }
  return hasPercent ? faultInNested(path) : undefined
}

const delimiters: ReadonlySet<number> = new Set(Buffer.from('/\\;?#.'))

function faultInNested(path: string): PathFault | undefined {
  let fault: PathFault | undefined
  const whole = decodeWholly(path, ({ byte, isNested, at }) => {
    if (isNested && (byte < 0x20 || byte === 0x7f || delimiters.has(byte)))
      fault ??= { reason: 'nested_escape', at }
  })
  // An escape of Microsoft's, which no other reader knows; where it stands is not told.
  if (/%u[0-9a-f]{4}/i.test(whole.toString('latin1'))) fault ??= { reason: 'nested_escape', at: undefined }
  return fault
}
