// What a report says, in the one form that is judged: ours, or the array that GitHub's secret scanning sends. Of what a scanner
// writes beside the secret nothing is kept that could hold one.

import { hash } from 'node:crypto'
import { type Static, Type } from 'typebox'
import { digestOf, Secret, withoutKeys } from '../../../credentials/secret.ts'
import { printable } from '../../../errors/printable.ts'
import { changeBody } from '../../fields.ts'
import { invalid } from '../../refusal.ts'

const mostReports = 1_000
const maxSecretLength = 4_096
const maxUrlLength = 8_192

const reportSchema = Type.Object(
  {
    secret: Type.String({ minLength: 1, maxLength: maxSecretLength, description: 'The whole secret' }),
    url: Type.Optional(Type.String({ maxLength: maxUrlLength, description: 'Where it stands' })),
    type: Type.Optional(Type.String({ maxLength: 200, description: 'What the scanner calls it' })),
    source: Type.Optional(Type.String({ maxLength: 200, description: 'What it stands in' })),
  },
  { additionalProperties: false },
)

export const exposedBody = changeBody({
  reports: Type.Array(reportSchema, {
    minItems: 1,
    maxItems: mostReports,
    description:
      'Or the body is the array that GitHub’s secret scanning sends: `token`, `type`, `url`, `source` of each.',
  }),
})

/** A secret as it is looked for, and what is kept of its report. */
export interface Report {
  readonly digest: string
  readonly url: string | null
  readonly type: string | null
  readonly source: string | null
}

/** The body as its schema has it. Throws VALIDATION_FAILED where it is no JSON in UTF-8. */
export function bodyOf(bytes: Buffer): unknown {
  let value: unknown
  try {
    value = JSON.parse(new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes))
  } catch {
    throw invalid('', 'must be JSON in UTF-8')
  }
  return Array.isArray(value) ? { reports: value.map(reportOfMatch) } : value
}

/** What GitHub may add to a match is not ours to refuse. */
function reportOfMatch(match: unknown): unknown {
  if (typeof match !== 'object' || match === null) return match
  const { token, url, type, source } = match as Record<string, unknown>
  return {
    secret: token,
    ...(url !== undefined && url !== null && { url }),
    ...(type !== undefined && type !== null && { type }),
    ...(source !== undefined && source !== null && { source }),
  }
}

/** JSON may hold half of a character, and a cut leaves one: no UTF-8 can, and Postgres takes none in a jsonb. */
const loneSurrogate = /\p{Cs}/gu

/** `prefixes`: of all keys that there are. */
export function readReport(given: Static<typeof reportSchema>, prefixes: readonly string[]): Report {
  const { secret: text, url, type, source } = given
  const shown = (said: string | undefined, most: number) => {
    if (said === undefined || said === '') return null
    // A secret of no known form stands there as it was reported, as it is or escaped.
    const bare = [text, encodeURIComponent(text.replace(loneSurrogate, '\ufffd'))].reduce(
      (left, one) => left.replaceAll(one, '***'),
      said,
    )
    return printable(withoutKeys(bare, prefixes)).slice(0, most).replace(loneSurrogate, '')
  }
  return {
    digest: digestOf(new Secret(text)),
    url: shown(url, 2_048),
    type: shown(type, 100),
    source: shown(source, 100),
  }
}

/** By what a place is known that is reported again. */
export function placeOf(reporter: string, { url, source, type }: Report): Buffer {
  return Buffer.from(hash('sha256', JSON.stringify([reporter, url ?? [source, type]]), 'hex'), 'hex')
}
