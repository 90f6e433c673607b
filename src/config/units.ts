// Durations and sizes as people write them.

/** Node's timers cannot wait longer (2^31 − 1 ms, almost 25 days): beyond it they fire at once. */
export const longestDurationMs = 2_147_483_647

const millisecondsOf = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const
const bytesOf = { kb: 1024, mb: 1024 ** 2, gb: 1024 ** 3 } as const

/** `500ms`, `30s`, `15m`, `24h`, `90d` → milliseconds. The text has been checked against the schema. */
export function parseDuration(text: string): number {
  return parseUnit(text, millisecondsOf)
}

/** `512kb`, `1mb`, `2gb` (powers of 1024), or a number of bytes → bytes. */
export function parseSize(size: string | number): number {
  return typeof size === 'number' ? size : parseUnit(size, bytesOf)
}

function parseUnit(text: string, units: Readonly<Record<string, number>>): number {
  const digits = text.replace(/[a-z]+$/, '')
  const factor = units[text.slice(digits.length)]
  if (digits === '' || factor === undefined) throw new RangeError('not a number with a known unit')
  return Number(digits) * factor
}
