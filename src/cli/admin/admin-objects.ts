// What the verbs show of the admin API's objects: the members that they read, checked. Others may be added.

import { type Static, type TSchema, Type } from 'typebox'
import { Check } from 'typebox/value'
import { CliError } from '../errors.ts'
import { exitCodes } from '../exit.ts'

/** A text, or none. */
export const NullableText = Type.Union([Type.String(), Type.Null()])

/** By name of a limit. */
export const RateLimitsObject = Type.Record(
  Type.String(),
  Type.Object({ rate: Type.String(), burst: Type.Union([Type.Integer(), Type.Null()]) }),
)

const NullableInteger = Type.Union([Type.Integer(), Type.Null()])

export const MerchantObject = Type.Object({
  id: Type.String(),
  name: Type.String(),
  status: Type.String(),
  created_at: Type.String(),
  revision: Type.Integer(),
  // Earlier versions do not say them.
  plan: Type.Optional(NullableText),
  rate_limits: Type.Optional(RateLimitsObject),
  in_flight: Type.Optional(NullableInteger),
  quotas: Type.Optional(Type.Record(Type.String(), Type.Object({ requests: Type.Integer() }))),
})
export type MerchantObject = Static<typeof MerchantObject>

const SecretObject = Type.Object({
  id: Type.String(),
  last4: Type.String(),
  created_at: Type.String(),
  expires_at: NullableText,
  last_used_at: NullableText,
})
export type SecretObject = Static<typeof SecretObject>

export const KeyObject = Type.Object({
  id: Type.String(),
  merchant_id: Type.String(),
  api: Type.String(),
  environment: Type.String(),
  name: Type.String(),
  status: Type.String(),
  prefix: Type.String(),
  last4: NullableText,
  permissions: Type.Array(Type.String()),
  created_at: Type.String(),
  expires_at: NullableText,
  last_used_at: NullableText,
  // Earlier versions do not say them.
  allowed_ips: Type.Optional(Type.Array(Type.String())),
  rate_limits: Type.Optional(RateLimitsObject),
  in_flight: Type.Optional(NullableInteger),
  revision: Type.Integer(),
  secrets: Type.Array(SecretObject),
  // Earlier versions do not say them.
  metadata: Type.Optional(Type.Record(Type.String(), Type.String())),
  owner: Type.Optional(NullableText),
  created_by: Type.Optional(NullableText),
  exposed_at: Type.Optional(NullableText),
})
export type KeyObject = Static<typeof KeyObject>

/** The answer to create and rotate: the one time that the secret is seen. */
export const KeyWithSecret = Type.Intersect([KeyObject, Type.Object({ secret: Type.String() })])
export type KeyWithSecret = Static<typeof KeyWithSecret>

const InstanceObject = Type.Object({
  id: Type.String(),
  role: Type.String(),
  host: Type.String(),
  pid: Type.Integer(),
  version: Type.String(),
  started_at: Type.String(),
  applied_revision: Type.Integer(),
  last_seen_at: Type.String(),
  // Earlier versions do not say them.
  clock_offset_ms: Type.Optional(Type.Union([Type.Integer(), Type.Null()])),
  cache_keys: Type.Optional(Type.Array(Type.String())),
})
export type InstanceObject = Static<typeof InstanceObject>
export const InstanceList = Type.Object({ data: Type.Array(InstanceObject) })

const State = Type.Union([Type.Record(Type.String(), Type.Unknown()), Type.Null()])
export const AuditObject = Type.Object({
  at: Type.String(),
  actor: Type.String(),
  action: Type.String(),
  target: Type.String(),
  before: State,
  after: State,
  request_id: Type.String(),
  // Earlier versions do not say it.
  reason: Type.Optional(NullableText),
})
export type AuditObject = Static<typeof AuditObject>

export const TotalObject = Type.Object({
  merchant_id: Type.Optional(Type.String()),
  key_id: Type.Optional(Type.String()),
  api: Type.Optional(Type.String()),
  route: Type.Optional(Type.String()),
  environment: Type.Optional(Type.String()),
  outcome: Type.Optional(Type.String()),
  day: Type.Optional(Type.String()),
  count: Type.Integer(),
  allowed: Type.Integer(),
})
export type TotalObject = Static<typeof TotalObject>

export const QuotaUsageObject = Type.Object({
  merchant_id: Type.String(),
  key_id: Type.Optional(Type.String()),
  api: Type.String(),
  environment: Type.String(),
  quota: Type.String(),
  used: Type.Integer(),
  requests: Type.Integer(),
  percent: Type.Number(),
  warned_at: Type.Array(Type.Integer()),
})
export type QuotaUsageObject = Static<typeof QuotaUsageObject>

export const RequestObject = Type.Object({
  id: Type.String(),
  at: Type.String(),
  api: Type.String(),
  environment: Type.String(),
  route: Type.String(),
  merchant_id: NullableText,
  key_id: NullableText,
  decision: Type.String(),
  code: NullableText,
  reason: NullableText,
  explanation: Type.String(),
  required: Type.Array(Type.String()),
  status: Type.Integer(),
  upstream_status: Type.Union([Type.Integer(), Type.Null()]),
  cut: NullableText,
  times: Type.Record(Type.String(), Type.Union([Type.Number(), Type.Null()])),
})
export type RequestObject = Static<typeof RequestObject>

export const PermissionsList = Type.Object({
  data: Type.Array(
    Type.Object({
      api: Type.String(),
      permissions: Type.Array(Type.Object({ name: Type.String(), description: Type.String() })),
    }),
  ),
})

/** The part of a change's answer that names who has not applied it yet. */
export const PendingPart = Type.Object({
  pending: Type.Array(
    Type.Object({ instance: Type.String(), last_seen_at: Type.String(), dead_by: Type.String() }),
  ),
  redis: Type.Optional(Type.String()),
})

/** The answer to an import. */
export const ImportAnswer = Type.Object({
  created: Type.Integer(),
  unchanged: Type.Integer(),
  results: Type.Array(Type.Object({ line: Type.Integer() })),
  warnings: Type.Array(Type.Object({ api: Type.String(), message: Type.String() })),
})

/** The value, seen to have the shape. Throws CliError. */
export function checked<Schema extends TSchema>(schema: Schema, value: unknown): Static<Schema> {
  if (Check(schema, value)) return value
  throw new CliError(
    'the answer is not of the shape that this version of latchkey knows; --json shows it',
    exitCodes.failed,
  )
}
