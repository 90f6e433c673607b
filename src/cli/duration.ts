// Durations and points in time as people type them in options. Malformed ones are wrong usage: commander names the
// option and repeats the reason.

import { InvalidArgumentError } from 'commander'
import { maxGraceSeconds } from '../credentials/lifecycle.ts'

const secondsOf = { s: 1, m: 60, h: 3600, d: 86_400, w: 604_800 } as const
/** A hundred years: beyond it somebody has slipped, and far beyond it there are no dates. */
const maxSeconds = 100 * 366 * secondsOf.d

/** `45s`, `30m`, `24h`, `90d`, `2w`, or `0` → seconds. Throws InvalidArgumentError. */
export function parseSeconds(text: string): number {
  if (text === '0') return 0
  const [, digits, unit] = /^(\d{1,12})([smhdw])$/.exec(text) ?? []
  if (digits === undefined || !isUnit(unit)) {
    throw new InvalidArgumentError('It must be a duration such as 30m, 24h, 90d or 2w.')
  }
  const seconds = Number(digits) * secondsOf[unit]
  if (seconds > maxSeconds) throw new InvalidArgumentError('It must not be longer than 100 years.')
  return seconds
}

/** As `parseSeconds`, but longer than nothing. */
export function parseLifetime(text: string): number {
  const seconds = parseSeconds(text)
  if (seconds === 0) throw new InvalidArgumentError('It must be longer than nothing.')
  return seconds
}

/** As `parseSeconds`, but no longer than a rotation's grace may be. */
export function parseGrace(text: string): number {
  const seconds = parseSeconds(text)
  if (seconds > maxGraceSeconds) {
    throw new InvalidArgumentError(`It must not be longer than ${maxGraceSeconds / secondsOf.d} days.`)
  }
  return seconds
}

// Date.parse takes 24:00 too, which is no time of RFC 3339.
const timeShape = /^\d{4}-\d\d-\d\d(T([01]\d|2[0-3]):\d\d(:\d\d(\.\d+)?)?(Z|[+-]([01]\d|2[0-3]):\d\d))?$/i
/** Only an offset leads out of the years of four digits. */
const fourDigits = /^\d{4}-/

/** A date (its first instant in UTC), or a date and time with its offset → RFC 3339 in UTC. Throws InvalidArgumentError. */
export function parseTime(text: string): string {
  const ms = timeShape.test(text) ? Date.parse(text) : Number.NaN
  // Date.parse takes 30 February for 2 March.
  const day = new Date(`${text.slice(0, 10)}T00:00:00Z`)
  const isDay = !Number.isNaN(day.getTime()) && day.toISOString().startsWith(text.slice(0, 10))
  if (Number.isNaN(ms) || !isDay || !fourDigits.test(new Date(ms).toISOString())) {
    throw new InvalidArgumentError(
      'It must be a date or an RFC 3339 time, such as 2027-01-31 or 2027-01-31T12:00:00Z.',
    )
  }
  return new Date(ms).toISOString()
}

/** A duration: so long ago; or what `parseTime` takes → RFC 3339 in UTC, once it is known what time it is. Throws InvalidArgumentError. */
export function parsePast(text: string): (nowMs: number) => string {
  if (/^\d+[a-z]?$/.test(text)) {
    const seconds = parseSeconds(text)
    return (nowMs) => new Date(nowMs - seconds * 1000).toISOString()
  }
  const time = parseTime(text)
  return () => time
}

/** A whole number from 1 to 100,000. Throws InvalidArgumentError. */
export function parseCount(text: string): number {
  const number = /^[1-9]\d{0,5}$/.test(text) ? Number(text) : 0
  if (number < 1 || number > 100_000)
    throw new InvalidArgumentError('It must be a whole number from 1 to 100000.')
  return number
}

function isUnit(text: string | undefined): text is keyof typeof secondsOf {
  return text !== undefined && Object.hasOwn(secondsOf, text)
}
