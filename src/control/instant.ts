// Points in time between JSON (RFC 3339) and the program (milliseconds since the epoch).

import { Type } from 'typebox'
import { invalid } from './refusal.ts'

/** RFC 3339 in UTC. */
export function instant(ms: number): string {
  return new Date(ms).toISOString()
}

/** As `instant`; null stays null. */
export function instantOrNull(ms: number | null): string | null {
  return ms === null ? null : instant(ms)
}

const hours = '(?:[01]\\d|2[0-3])'
// Date.parse takes 24:00:00 too, which RFC 3339 §5.6 does not know.
const shape = new RegExp(
  `^(\\d{4})-(\\d\\d)-(\\d\\d)T${hours}:[0-5]\\d:[0-5]\\d(?:\\.\\d+)?(?:Z|[+-]${hours}:[0-5]\\d)$`,
)
/** Its offset can move a time out of the years 0001 to 9999: neither RFC 3339 nor every store has a form for it then. */
const firstMs = Date.parse('0001-01-01T00:00:00Z')
const lastMs = Date.parse('9999-12-31T23:59:59.999Z')

/** Milliseconds since the epoch of an RFC 3339 date and time with its offset; undefined: it is none. */
export function parseInstant(text: string): number | undefined {
  const upper = text.toUpperCase()
  const [, year, month, day] = shape.exec(upper) ?? []
  // Date.parse takes 30 February for 2 March.
  const date = new Date(Date.UTC(Number(year), Number(month) - 1, Number(day)))
  if (date.getUTCDate() !== Number(day)) return undefined
  const ms = Date.parse(upper)
  return ms >= firstMs && ms <= lastMs ? ms : undefined
}

/** Throws VALIDATION_FAILED at `path` where `text` is no RFC 3339 time. */
export function instantOf(path: string, text: string): number {
  const ms = parseInstant(text)
  if (ms === undefined) throw invalid(path, 'must be an RFC 3339 date and time with an offset')
  return ms
}

/** A time in a query. */
export function timeField(description: string) {
  return Type.String({ maxLength: 64, description: `${description}, RFC 3339` })
}

/** The range that a query names, in milliseconds since the epoch. Throws VALIDATION_FAILED. */
export function rangeOf(
  since: string | undefined,
  until: string | undefined,
): { readonly sinceMs: number | undefined; readonly untilMs: number | undefined } {
  const sinceMs = since === undefined ? undefined : instantOf('since', since)
  const untilMs = until === undefined ? undefined : instantOf('until', until)
  if (sinceMs !== undefined && untilMs !== undefined && sinceMs > untilMs)
    throw invalid('since', 'must not be after until')
  return { sinceMs, untilMs }
}
