// Points in time between JSON (RFC 3339) and the program (milliseconds since the epoch).

import { invalid } from './refusal.ts'

/** RFC 3339 in UTC. */
export function instant(ms: number): string {
  return new Date(ms).toISOString()
}

/** As `instant`; null stays null. */
export function instantOrNull(ms: number | null): string | null {
  return ms === null ? null : instant(ms)
}

const shape = /^(\d{4})-(\d\d)-(\d\d)T\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)$/

/** Milliseconds since the epoch of an RFC 3339 date and time with its offset; undefined: it is none. */
export function parseInstant(text: string): number | undefined {
  const upper = text.toUpperCase()
  const [, year, month, day] = shape.exec(upper) ?? []
  // Date.parse takes 30 February for 2 March.
  const date = new Date(Date.UTC(Number(year), Number(month) - 1, Number(day)))
  if (date.getUTCDate() !== Number(day)) return undefined
  const ms = Date.parse(upper)
  return Number.isNaN(ms) ? undefined : ms
}

/** Throws VALIDATION_FAILED at `path` where `text` is no RFC 3339 time. */
export function instantOf(path: string, text: string): number {
  const ms = parseInstant(text)
  if (ms === undefined) throw invalid(path, 'must be an RFC 3339 date and time with an offset')
  return ms
}
