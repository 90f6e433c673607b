// The fields that requests of several features share, and how their text becomes values.

import { type TProperties, Type } from 'typebox'
import { maxNameLength } from '../credentials/name.ts'
import { deny, DenialError } from '../errors/denial.ts'
import { nameRule } from './name-rule.ts'
import { invalid } from './refusal.ts'

/** A word of 1 to `maxLength` characters that is compared: nothing that does not print. Keeps NUL from Postgres. */
export function textField(maxLength: number) {
  return Type.String({
    minLength: 1,
    maxLength,
    pattern: '^(?=.*\\S)[^\\p{Cc}\\p{Cs}\\u2028\\u2029\\u202a-\\u202e\\u2066-\\u2069]*$',
  })
}

/** What people call something: comes to the handler in its normal form (credentials/name.ts). */
export const nameField = Type.String({
  minLength: 1,
  [nameRule]: maxNameLength,
  description:
    `1 to ${maxNameLength} characters, counted after NFC and without white space at the ends, in which form it is ` +
    'kept. Controls, invisible and bidirectional formatting characters, private and unassigned ones are refused.',
})

const maxReasonLength = 500

/** Why something is changed, for the audit. */
export const reasonField = Type.String({
  minLength: 1,
  [nameRule]: maxReasonLength,
  description: `Why, in one line of 1 to ${maxReasonLength} characters; kept in the audit.`,
})

/** The body of a change: these fields, and why. */
export function changeBody<Fields extends TProperties>(fields: Fields) {
  return Type.Object({ ...fields, reason: Type.Optional(reasonField) }, { additionalProperties: false })
}

/** The body of an action. */
export const actionBody = changeBody({})

/** `?wait=all`: answer when all instances have applied the change. */
export const waitQuery = Type.Object(
  { wait: Type.Optional(Type.Literal('all')) },
  { additionalProperties: false },
)

export const idParams = Type.Object({ id: Type.String() })

/** The fields of a list's query, beside its filters. */
export const pageFields = {
  cursor: Type.Optional(Type.String({ minLength: 1, maxLength: 1024 })),
  limit: Type.Optional(Type.String({ maxLength: 10 })),
}

const defaultLimit = 50
const maxLimit = 200

/** Rows a page. Throws VALIDATION_FAILED. */
export function limitOf(text: string | undefined): number {
  if (text === undefined) return defaultLimit
  const limit = /^[0-9]{1,3}$/.test(text) ? Number(text) : 0
  if (limit < 1 || limit > maxLimit) throw invalid('limit', `must be a whole number from 1 to ${maxLimit}`)
  return limit
}

/** Of what has a path of its own. */
type IdPrefix = 'key' | 'mer' | 'tok' | 'usr' | 'ses' | 'inv' | 'whk' | 'dlv' | 'pky' | 'cli' | 'grt' | 'jwt'

/** An id from a path. One that could not have been given out is NOT_FOUND, and never reaches the database. */
export function idOf(prefix: IdPrefix, text: string): string {
  if (isId(prefix, text)) return text
  throw new DenialError(deny('NOT_FOUND', 'malformed_id'))
}

/** What use is asked of: a key's id, a client's, as which its access tokens count, or `jwt_…`, as which a merchant's tokens of outside issuers do. Throws NOT_FOUND as `idOf` does. */
export function holderIdOf(text: string): string {
  return idOf((['cli', 'jwt'] as const).find((prefix) => text.startsWith(`${prefix}_`)) ?? 'key', text)
}

export const holderField = Type.Optional(
  Type.String({
    maxLength: 64,
    description:
      'Of a key; of a client, as which its access tokens count; or `jwt_…`, as which a merchant’s tokens of outside issuers do',
  }),
)

/** Whether `text` is `key_…`, `mer_…` and the like with 10 to 40 letters and digits. */
export function isId(prefix: IdPrefix, text: unknown): text is string {
  return (
    typeof text === 'string' && text.startsWith(`${prefix}_`) && /^[0-9A-Za-z]{10,40}$/.test(text.slice(4))
  )
}
