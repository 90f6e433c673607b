// A key as the admin API shows it (contract 8).

import { type Static, Type } from 'typebox'
import { brakeActions } from '../../config/brake-schema.ts'
import { keyStatuses } from '../../credentials/record.ts'
import { Secret } from '../../credentials/secret.ts'
import { noKeyLimits } from '../../store/keys/limit-table.ts'
import type { StoredKey } from '../../store/keys/key-table.ts'
import { inFlightField, rateSchema } from '../limit-fields.ts'
import { instant, instantOrNull } from '../instant.ts'
import { nullableTime, timeSchema } from '../openapi/route-doc.ts'

export const keySchema = Type.Object({
  id: Type.String(),
  merchant_id: Type.String(),
  api: Type.String(),
  environment: Type.String({
    description: 'One of those of its API (`GET /admin/v1/permissions`), or of those that it had',
  }),
  name: Type.String(),
  status: Type.Enum([...keyStatuses]),
  prefix: Type.String({ description: 'Empty: imported without one' }),
  last4: Type.Union([Type.String(), Type.Null()]),
  permissions: Type.Array(Type.String()),
  created_at: timeSchema,
  expires_at: nullableTime,
  last_used_at: nullableTime,
  allowed_ips: Type.Array(Type.String(), { description: 'Where it may be used from; empty: anywhere' }),
  rate_limits: Type.Record(Type.String(), rateSchema, {
    description: 'In place of what the file says of limits that count by key, by their names',
  }),
  in_flight: inFlightField,
  revision: Type.Integer(),
  secrets: Type.Array(
    Type.Object({
      id: Type.String(),
      last4: Type.String(),
      created_at: timeSchema,
      expires_at: nullableTime,
      last_used_at: nullableTime,
    }),
    { description: 'The current one; during the grace of a rotation also the one that it replaces' },
  ),
  metadata: Type.Record(Type.String(), Type.String(), { description: 'Pairs of your own' }),
  owner: Type.Union([Type.String(), Type.Null()], { description: 'Who answers for the key' }),
  created_by: Type.Union([Type.String(), Type.Null()], {
    description: 'Who made it, as `actor` in the audit; null: made before this was kept',
  }),
  exposed_at: Type.Union([timeSchema, Type.Null()], {
    description:
      'The first report that a secret of it which still works stands in public; null: there is none',
  }),
  brakes: Type.Array(
    Type.Object({
      name: Type.String({ description: 'In the file' }),
      action: Type.Enum([...brakeActions], { description: 'What was done' }),
      pulled_at: timeSchema,
      ends_at: Type.Union([timeSchema, Type.Null()], {
        description:
          'Of one that only told: when it may tell again; null: it holds the key until it is released',
      }),
    }),
    { description: 'Brakes that hold it, or told of it in the last day, the newest first' },
  ),
})

/** Of a list, that readers need ask for nothing row by row. */
export const listedKeySchema = Type.Intersect([
  keySchema,
  Type.Object({ merchant_name: Type.String({ description: 'In the list alone' }) }),
])

type Added = 'metadata' | 'owner' | 'createdBy' | 'exposedAtMs' | 'brakes'
/** What an earlier version has kept for a repeat lacks what was added since. */
type KeptKey = Omit<StoredKey, Added> & Partial<Pick<StoredKey, Added>>

export function keyObject(key: KeptKey): Static<typeof keySchema> {
  const { metadata = {}, owner = null, createdBy = null, exposedAtMs = null, brakes = [] } = key
  const { allowedIps, rates, inFlight } = key.limits ?? noKeyLimits
  return {
    id: key.id,
    merchant_id: key.merchantId,
    api: key.api,
    environment: key.environment,
    name: key.name,
    status: key.status,
    prefix: key.prefix,
    last4: key.secrets[0]?.last4 ?? null,
    permissions: [...key.permissions],
    created_at: instant(key.createdAtMs),
    expires_at: instantOrNull(key.expiresAtMs),
    last_used_at: instantOrNull(key.lastUsedAtMs),
    allowed_ips: [...allowedIps],
    rate_limits: { ...rates },
    in_flight: inFlight,
    revision: key.revision,
    secrets: key.secrets.map((secret) => ({
      id: secret.id,
      last4: secret.last4,
      created_at: instant(secret.createdAtMs),
      expires_at: instantOrNull(secret.expiresAtMs),
      last_used_at: instantOrNull(secret.lastUsedAtMs),
    })),
    metadata,
    owner,
    created_by: createdBy,
    exposed_at: instantOrNull(exposedAtMs),
    brakes: brakes.map(({ name, action, pulledAtMs, endsAtMs }) => ({
      ...{ name, action, pulled_at: instant(pulledAtMs), ends_at: instantOrNull(endsAtMs) },
    })),
  }
}

/** The one form in which a secret leaves the program: the answer to create and to rotate. null: it was shown before. */
export function keyObjectWithSecret(key: StoredKey, secret: Secret | null) {
  return { ...keyObject(key), secret: secret && Secret.reveal(secret) }
}

/** The revision as an entity tag (RFC 9110 §8.8.3), for If-Match. */
export function entityTag(key: StoredKey): string {
  return `"${key.revision}"`
}
