// A webhook and its deliveries as the admin API shows them, and as it is asked for them.

import { type Static, Type } from 'typebox'
import { Secret } from '../../credentials/secret.ts'
import { webhookTypes } from '../../store/webhooks/webhook-catalogue.ts'
import { deliveryStatuses, type StoredDelivery } from '../../store/webhooks/webhook-delivery-table.ts'
import { endpointStatuses, type StoredEndpoint } from '../../store/webhooks/webhook-endpoint-table.ts'
import { changeBody, nameField, textField } from '../fields.ts'
import { instant, instantOrNull } from '../instant.ts'
import { nullableTime, timeSchema } from '../openapi/route-doc.ts'
import { rotationBody, secretObjects, secretsSchema } from '../secret-fields.ts'

const nullableText = Type.Union([Type.String(), Type.Null()])

export const webhookSchema = Type.Object({
  id: Type.String(),
  merchant_id: Type.Union([Type.String(), Type.Null()], { description: 'null: it is told of all merchants' }),
  api: Type.Union([Type.String(), Type.Null()], { description: 'null: it is told of all APIs' }),
  name: nullableText,
  url: Type.String(),
  events: Type.Array(Type.String(), { description: 'Types that it is told of; `*`: all' }),
  status: Type.Enum([...endpointStatuses]),
  disabled_reason: Type.Union([Type.Enum(['by_hand', 'failing', 'gone']), Type.Null()], {
    description: '`failing`: nothing was taken for five days; `gone`: the receiver answered 410',
  }),
  created_at: timeSchema,
  created_by: Type.String(),
  failures: Type.Integer({ description: 'Tries in a row that failed' }),
  failing_since: nullableTime,
  next_attempt_at: nullableTime,
  last_delivered_at: nullableTime,
  secrets: secretsSchema('sign'),
})

export const deliverySchema = Type.Object({
  id: Type.String(),
  event_id: Type.String({ description: 'The header `webhook-id`' }),
  type: Type.String(),
  status: Type.Enum([...deliveryStatuses], {
    description: '`failed`: given up after three days',
  }),
  attempts: Type.Integer(),
  created_at: timeSchema,
  last_attempt_at: nullableTime,
  delivered_at: nullableTime,
  next_attempt_at: nullableTime,
  response_status: Type.Union([Type.Integer(), Type.Null()]),
  failure: Type.Union([Type.String(), Type.Null()], {
    description:
      'Of the last try: `name`, `private_address`, `connect`, `tls`, `timeout`, `closed`, `protocol`, `redirect`, `status`',
  }),
  duration_ms: Type.Union([Type.Integer(), Type.Null()]),
})

export const deliveryWithPayload = Type.Intersect([
  deliverySchema,
  Type.Object({
    payload: Type.Union([Type.String(), Type.Null()], {
      description: 'The body, as it is signed; null: kept no longer',
    }),
  }),
])

const urlField = Type.String({
  minLength: 1,
  maxLength: 2048,
  description: 'https://, at an address of the public internet, unless `webhooks.allow` has it',
})
const eventsField = Type.Array(Type.Enum([...webhookTypes, '*']), {
  minItems: 1,
  uniqueItems: true,
  description: 'Types that it is told of; `*`, or left out: all',
})

export const newWebhookBody = changeBody({
  url: urlField,
  name: Type.Optional(Type.Union([nameField, Type.Null()])),
  events: Type.Optional(eventsField),
  merchant_id: Type.Optional(Type.Union([textField(64), Type.Null()])),
  api: Type.Optional(Type.Union([textField(100), Type.Null()])),
})

export const webhookPatchBody = changeBody({
  url: Type.Optional(urlField),
  name: Type.Optional(Type.Union([nameField, Type.Null()])),
  events: Type.Optional(eventsField),
  status: Type.Optional(
    Type.Enum([...endpointStatuses], { description: 'Enabled again, it goes on where it stood' }),
  ),
})

export const rotateSecretBody = rotationBody('signs')

export function webhookObject(endpoint: StoredEndpoint): Static<typeof webhookSchema> {
  return {
    id: endpoint.id,
    merchant_id: endpoint.merchantId,
    api: endpoint.api,
    name: endpoint.name,
    url: endpoint.url,
    events: [...endpoint.events],
    status: endpoint.status,
    disabled_reason: endpoint.disabledReason,
    created_at: instant(endpoint.createdAtMs),
    created_by: endpoint.createdBy,
    failures: endpoint.failures,
    failing_since: instantOrNull(endpoint.failingSinceMs),
    next_attempt_at: instantOrNull(endpoint.nextAttemptAtMs),
    last_delivered_at: instantOrNull(endpoint.lastDeliveredAtMs),
    secrets: secretObjects(endpoint.secrets),
  }
}

/** The one form in which a secret leaves the program: the answer to create and rotate-secret; null: the answer to a repeat. */
export function webhookObjectWithSecret(endpoint: StoredEndpoint, secret: Secret | null) {
  return { ...webhookObject(endpoint), secret: secret && Secret.reveal(secret) }
}

export function deliveryObject(delivery: StoredDelivery): Static<typeof deliverySchema> {
  return {
    id: delivery.id,
    event_id: delivery.eventId,
    type: delivery.type,
    status: delivery.status,
    attempts: delivery.attempts,
    created_at: instant(delivery.createdAtMs),
    last_attempt_at: instantOrNull(delivery.lastAttemptAtMs),
    delivered_at: instantOrNull(delivery.deliveredAtMs),
    next_attempt_at: instantOrNull(delivery.nextAttemptAtMs),
    response_status: delivery.responseStatus,
    failure: delivery.error,
    duration_ms: delivery.durationMs,
  }
}
