// What the routes of keys say of themselves.

import { Type } from 'typebox'
import { changed, listOf, type RouteDoc } from '../openapi/route-doc.ts'
import { keySchema, listedKeySchema } from './key-object.ts'

const keyWithSecret = Type.Intersect([
  keySchema,
  Type.Object({
    secret: Type.Union([Type.String(), Type.Null()], {
      description: 'The whole secret, here only; null in the answer to a repeat',
    }),
  }),
])

const ofChange = {
  status: 200,
  answer: changed(keySchema),
  headers: ['Idempotency-Key'],
  errors: ['KEY_REVOKED', 'IDEMPOTENCY_MISMATCH', 'STORE_UNAVAILABLE', 'OUTCOME_UNKNOWN'],
} as const

export const keyDocs = {
  create: {
    summary: 'Makes a key; its secret is in this answer only',
    status: 201,
    answer: changed(keyWithSecret),
    headers: ['Idempotency-Key'],
    errors: ['IDEMPOTENCY_MISMATCH', 'STORE_UNAVAILABLE', 'OUTCOME_UNKNOWN'],
  },
  list: {
    summary: 'Keys, newest first unless sorted otherwise',
    status: 200,
    answer: listOf(listedKeySchema),
    errors: ['QUERY_TOO_SLOW', 'STORE_UNAVAILABLE'],
  },
  get: { summary: 'One key', status: 200, answer: keySchema, errors: ['STORE_UNAVAILABLE'] },
  patch: {
    ...ofChange,
    summary: 'Changes what is named: name, permissions, expiry, metadata, owner, addresses, rate limits',
    headers: ['If-Match', 'Idempotency-Key'],
    errors: [...ofChange.errors, 'REVISION_CONFLICT'],
  },
  disable: { ...ofChange, summary: 'Refuses a key until it is enabled again' },
  enable: { ...ofChange, summary: 'Accepts a disabled key again' },
  revoke: {
    ...ofChange,
    summary: 'Refuses a key for ever',
    errors: ['IDEMPOTENCY_MISMATCH', 'STORE_UNAVAILABLE', 'OUTCOME_UNKNOWN'],
  },
  rotate: {
    summary: 'Gives a key a new secret, in this answer only; the old one works until the grace ends',
    status: 200,
    answer: changed(keyWithSecret),
    headers: ['Idempotency-Key'],
    errors: [
      'KEY_REVOKED',
      'ROTATION_IN_PROGRESS',
      'IDEMPOTENCY_MISMATCH',
      'STORE_UNAVAILABLE',
      'OUTCOME_UNKNOWN',
    ],
  },
  grace: {
    ...ofChange,
    summary: 'Moves the end of a rotation’s grace, for which there must be one: longer, or shorter',
  },
  release: {
    ...ofChange,
    summary:
      'Undoes what brakes have done to a key: it is enabled, or may be used from where it could be before',
  },
  endRotation: { ...ofChange, summary: 'Ends the grace of a rotation: only the current secret works' },
} as const satisfies Record<string, RouteDoc>
