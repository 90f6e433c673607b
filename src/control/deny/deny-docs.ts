// What the routes of the emergency stop say of themselves.

import { Type } from 'typebox'
import { denyKinds } from '../../config/deny.ts'
import { listOf, nullableTime, type RouteDoc, timeSchema } from '../openapi/route-doc.ts'

const kind = Type.Enum([...denyKinds])
const nullableText = Type.Union([Type.String(), Type.Null()])

export const denyRowSchema = Type.Object({
  kind,
  value: Type.String(),
  source: Type.String({ description: 'The deny file, or by hand' }),
  at: nullableTime,
  actor: nullableText,
})

const changeSchema = Type.Object({
  kind,
  value: Type.String(),
  denied: Type.Boolean(),
  in_file: Type.Boolean(),
  at: timeSchema,
  actor: Type.String(),
  instance: Type.String({ description: 'That has answered: in force there already' }),
  spread: Type.Boolean({ description: 'Whether Redis has taken it to the others' }),
  pending: Type.Optional(
    Type.Union(
      [Type.Array(Type.Object({ instance: Type.String(), last_seen_at: timeSchema })), Type.Null()],
      {
        description: 'With `wait=all`: who does not hold it yet; null: nobody can be asked',
      },
    ),
  ),
})

export const denyDocs = {
  list: { summary: 'What is denied, by the file and by hand', status: 200, answer: listOf(denyRowSchema) },
  add: {
    summary: 'Denies a key, merchant, prefix, permission or client at once',
    status: [200, 201],
    answer: changeSchema,
  },
  remove: {
    summary: 'Takes back what was denied by hand',
    status: 200,
    answer: changeSchema,
    errors: ['NOT_FOUND', 'DENIED_BY_FILE'],
  },
} as const satisfies Record<string, RouteDoc>
