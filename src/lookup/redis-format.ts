// What stands in Redis, checked on the way in: even sealed text may come from another version of this program.

import { type Static, Type } from 'typebox'
import { Compile } from 'typebox/compile'
import { environments, keyStatuses, merchantStatuses } from '../credentials/record.ts'
import type { Change } from '../store/change-table.ts'
import type { CachedReading } from './memory-tier.ts'

const oneOf = <const Values extends readonly string[]>(values: Values) =>
  Type.Unsafe<Values[number]>(Type.Enum([...values]))

const instant = Type.Union([Type.Number(), Type.Null()])

const ReadingText = Type.Object({
  record: Type.Object({
    kind: Type.Literal('api_key'),
    keyId: Type.String(),
    secretId: Type.String(),
    merchantId: Type.String(),
    api: Type.String(),
    environment: oneOf(environments),
    status: oneOf(keyStatuses),
    merchantStatus: oneOf(merchantStatuses),
    permissions: Type.Array(Type.String()),
    expiresAtMs: instant,
    secretExpiresAtMs: instant,
    revision: Type.Integer(),
  }),
  revision: Type.Integer(),
  confirmedAtMs: Type.Number(),
})

const ChangeText = Type.Object({
  epoch: Type.String(),
  revision: Type.Integer(),
  keyId: Type.Union([Type.String(), Type.Null()]),
  merchantId: Type.String(),
  digests: Type.Array(Type.String()),
  stamp: Type.Optional(Type.Integer()),
})

const EpochText = Type.Object({ epoch: Type.String() })

const readingCheck = Compile(ReadingText)
const changeCheck = Compile(ChangeText)
const epochCheck = Compile(EpochText)

/** A reading; undefined where the text is none. */
export function parseReading(text: string | undefined): CachedReading | undefined {
  const value = parsed(text)
  return readingCheck.Check(value) ? value : undefined
}

/** A change with its epoch; undefined where the text is none. */
export function parseChange(text: string | undefined): { epoch: string; change: Change } | undefined {
  const value = parsed(text)
  if (!changeCheck.Check(value)) return undefined
  const { epoch, ...change }: Static<typeof ChangeText> = value
  return { epoch, change }
}

/** An epoch; undefined where the text is none. */
export function parseEpoch(text: string | undefined): string | undefined {
  const value = parsed(text)
  return epochCheck.Check(value) ? value.epoch : undefined
}

function parsed(text: string | undefined): unknown {
  if (text === undefined) return undefined
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
