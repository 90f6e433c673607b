// Secrets of webhooks and clients as the admin API shows them: by their last four; and how long the one before works, too.

import { type Static, Type } from 'typebox'
import { defaultGraceSeconds } from '../credentials/lifecycle.ts'
import { changeBody } from './fields.ts'
import { instant, instantOrNull } from './instant.ts'
import { nullableTime, timeSchema } from './openapi/route-doc.ts'

const secretSchema = Type.Object({
  id: Type.String(),
  last4: Type.String(),
  created_at: timeSchema,
  expires_at: nullableTime,
})

/** Those that `verb`, the current one first. */
export function secretsSchema(verb: 'work' | 'sign') {
  return Type.Array(secretSchema, { description: `Those that ${verb}, the current one first` })
}

/** Times in milliseconds since the epoch. */
interface ShownSecret {
  readonly id: string
  readonly last4: string
  readonly createdAtMs: number
  readonly expiresAtMs: number | null
}

export function secretObjects(secrets: readonly ShownSecret[]): Static<typeof secretSchema>[] {
  return secrets.map(({ id, last4, createdAtMs, expiresAtMs }) => ({
    ...{ id, last4, created_at: instant(createdAtMs), expires_at: instantOrNull(expiresAtMs) },
  }))
}

const longestGraceSeconds = 7 * 24 * 60 * 60

/** The body of `rotate-secret`; `verb` is what the old one does until the grace ends. */
export function rotationBody(verb: 'works' | 'signs') {
  return changeBody({
    grace_seconds: Type.Optional(
      Type.Integer({
        minimum: 0,
        maximum: longestGraceSeconds,
        description: `For how long the old secret ${verb}, too; ${defaultGraceSeconds} unless said`,
      }),
    ),
  })
}
