// Keys by how old their secret is, when they were last used and when they end: durations in a query.

import { Type } from 'typebox'
import type { KeyAges } from '../../store/keys/key-ages.ts'
import { invalid } from '../refusal.ts'

function durationField(description: string) {
  return Type.Optional(
    Type.String({
      maxLength: 10,
      description: `${description}: a duration such as \`90d\`, \`12h\`, \`2w\``,
    }),
  )
}

/** Of the query of a list of keys. */
export const ageFields = {
  older_than: durationField('Only keys whose current secret is older'),
  unused_for: durationField('Only keys that were not used for so long; never used ones from that age on'),
  expires_within: durationField('Only keys that end within this time, and have not yet'),
}

const millisecondsOf = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000, w: 604_800_000 } as const
const longestMs = 100 * 366 * millisecondsOf.d

type Asked = Partial<Record<keyof typeof ageFields, string>>

/** What is asked, as points in time. Throws VALIDATION_FAILED. */
export function agesOf({ older_than, unused_for, expires_within }: Asked, nowMs: number): KeyAges {
  return {
    ...(older_than !== undefined && { secretBeforeMs: nowMs - durationOf('older_than', older_than) }),
    ...(unused_for !== undefined && { unusedSinceMs: nowMs - durationOf('unused_for', unused_for) }),
    ...(expires_within !== undefined && { endsByMs: nowMs + durationOf('expires_within', expires_within) }),
  }
}

function durationOf(path: string, text: string): number {
  const [, digits, unit] = /^(\d{1,9})([smhdw])$/.exec(text) ?? []
  const ms = isUnit(unit) ? Number(digits) * millisecondsOf[unit] : Number.POSITIVE_INFINITY
  if (ms > longestMs) throw invalid(path, 'must be a duration such as 90d, 12h or 2w, up to 100 years')
  return ms
}

function isUnit(text: string | undefined): text is keyof typeof millisecondsOf {
  return text !== undefined && Object.hasOwn(millisecondsOf, text)
}
