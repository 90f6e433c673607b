// What a route says of itself beside the schemas that it is checked by: for the OpenAPI document alone.

import { type TSchema, Type } from 'typebox'
import type { ErrorCode } from '../../errors/catalogue.ts'

declare module 'fastify' {
  interface FastifyContextConfig {
    doc?: RouteDoc
  }
}

export interface RouteDoc {
  /** One line. */
  readonly summary: string
  /** Of an answer that is no error; of several one is right, depending on what was there. */
  readonly status: number | readonly number[]
  /** Of the answer; text: its media type, where it is no JSON. */
  readonly answer: TSchema | string
  /** Codes beside those that follow from where the route is and what it takes. */
  readonly errors?: readonly ErrorCode[]
  readonly headers?: readonly RequestHeader[]
  /** Outside of the admin API: for whoever has signed in. */
  readonly isOfSession?: true
  /** A body of lines, each of this schema. */
  readonly lines?: { readonly mediaType: string; readonly schema: TSchema }
}

/** Request headers that mean something to some routes. */
export const requestHeaders = {
  'If-Match': 'The revision that the change is meant for, in double quotes; another one is 412.',
  'Idempotency-Key':
    'Makes the request safe to repeat for 24 hours: a repeat changes nothing, and answers the object as it was made, without a secret, and `Idempotency-Replayed: true`.',
} as const
export type RequestHeader = keyof typeof requestHeaders

/** RFC 3339 in UTC. */
export const timeSchema = Type.String({ format: 'date-time' })
export const nullableTime = Type.Union([timeSchema, Type.Null()])

/** A page of a list. */
export function listOf<Item extends TSchema>(item: Item) {
  return Type.Object({
    data: Type.Array(item),
    next_cursor: Type.Union([Type.String(), Type.Null()], { description: 'null: there is no more' }),
  })
}

export const pendingSchema = Type.Object(
  {
    instance: Type.String(),
    applied_revision: Type.Integer(),
    last_seen_at: timeSchema,
    dead_by: timeSchema,
  },
  { description: 'An instance that may decide by what it knew before, until `dead_by` at the latest' },
)

const pendingPart = Type.Object({
  pending: Type.Optional(
    Type.Array(pendingSchema, { description: 'With `wait=all`: who has not applied it' }),
  ),
  redis: Type.Optional(
    Type.Literal('behind', {
      description:
        'With `wait=all`: Redis could not take it yet, so that an instance which starts while Postgres is away may decide by what was before; it is repeated until Redis has it',
    }),
  ),
})

/** The answer to a change: the object, and with `wait=all` who has not applied it. */
export function changed<Item extends TSchema>(item: Item) {
  return Type.Intersect([item, pendingPart])
}
