// A kept request as the admin API shows it.

import { type Static, Type } from 'typebox'
import { sentenceOf } from '../../errors/sentences.ts'
import type { KeptRequest } from '../../store/activity/request-table.ts'
import { instant } from '../instant.ts'
import { timeSchema } from '../openapi/route-doc.ts'

function orNull(description: string) {
  return Type.Union([Type.String(), Type.Null()], { description })
}

const milliseconds = (description: string) => Type.Number({ description: `Milliseconds: ${description}` })

export const requestSchema = Type.Object({
  id: Type.String({ description: 'As `X-Request-Id` and `error.request_id` had it' }),
  at: timeSchema,
  method: Type.String(),
  api: Type.String(),
  environment: Type.String({ description: 'Empty: not known when it was over' }),
  route: Type.String({ description: 'Method and template' }),
  merchant_id: orNull('null: the route is public'),
  key_id: orNull('null: the route is public'),
  decision: Type.String({
    description: '`deny`: refused; `error`: let through, and no answer could be had; `allow`: forwarded',
  }),
  code: orNull('That the client was told; null: it got what the upstream answered'),
  reason: orNull('Why, in the word that the log has'),
  explanation: Type.String({ description: 'Why, in a sentence that can be read aloud' }),
  required: Type.Array(Type.String(), { description: 'Permissions that it needs, where one was lacking' }),
  status: Type.Integer({ description: 'What the client was answered; 0: nothing' }),
  upstream_status: Type.Union([Type.Integer(), Type.Null()], {
    description: 'null: it was not asked, or did not answer so that it could be passed on',
  }),
  cut: orNull('Who ended it before its time: `client`, `upstream`, `timeout` or `gateway`; null: nobody'),
  times: Type.Object({
    total_ms: milliseconds('from its beginning to its end'),
    gateway_ms: milliseconds('that the gateway took'),
    upstream_ms: Type.Union([Type.Number(), Type.Null()], {
      description: 'Milliseconds: that the upstream was waited for; null: it was not',
    }),
    client_ms: milliseconds('that the client was waited for'),
    held_ms: milliseconds('that the refusal waited for its turn'),
  }),
})

export function requestObject(kept: KeptRequest): Static<typeof requestSchema> {
  return {
    id: kept.id,
    at: instant(kept.atMs),
    method: kept.method,
    api: kept.api,
    environment: kept.environment,
    route: kept.route,
    merchant_id: kept.merchantId,
    key_id: kept.keyId,
    decision: kept.decision,
    code: kept.code,
    reason: kept.reason,
    explanation: sentenceOf(kept),
    required: [...kept.required],
    status: kept.status,
    upstream_status: kept.upstreamStatus,
    cut: kept.cut,
    times: {
      total_ms: rounded(kept.totalMs),
      gateway_ms: rounded(kept.gatewayMs),
      upstream_ms: kept.upstreamMs === null ? null : rounded(kept.upstreamMs),
      client_ms: rounded(kept.clientMs),
      held_ms: rounded(kept.heldMs),
    },
  }
}

/** To microseconds, as in the log. */
function rounded(milliseconds: number): number {
  return Math.round(milliseconds * 1_000) / 1_000
}
