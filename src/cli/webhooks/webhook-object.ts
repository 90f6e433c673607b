// A webhook as the admin API shows it, and as people read it.

import { type Static, Type } from 'typebox'
import { checked, NullableText } from '../admin/admin-objects.ts'
import type { Kind } from '../common-verbs.ts'
import { type OutputFlags, type Session, shortTime, show } from '../session.ts'
import { type Cell, renderFields } from '../table.ts'

export const WebhookObject = Type.Object({
  id: Type.String(),
  merchant_id: NullableText,
  api: NullableText,
  name: NullableText,
  url: Type.String(),
  events: Type.Array(Type.String()),
  status: Type.String(),
  disabled_reason: NullableText,
  failures: Type.Integer(),
  next_attempt_at: NullableText,
  last_delivered_at: NullableText,
})
type WebhookObject = Static<typeof WebhookObject>

const WebhookWithSecret = Type.Intersect([WebhookObject, Type.Object({ secret: Type.String() })])

export const webhooks: Kind = {
  ...{ noun: 'webhook', path: '/webhooks', ids: 'whk_…', example: 'whk_01K8ZX3V9Q' },
  text: (answer, isColoured) => webhookText(checked(WebhookObject, answer), isColoured),
}

/** Prints a webhook with the secret that it was given. */
export function showSecret(session: Session, flags: OutputFlags, answer: unknown): void {
  const render = (isColoured: boolean) => {
    const webhook = checked(WebhookWithSecret, answer)
    return `${webhookText(webhook, isColoured)}\n${webhook.secret}\nIt is not shown again. What is sent is signed with it (standardwebhooks.com).\n`
  }
  show(session, flags, { answer, render })
}

export const webhookHeader = ['ID', 'MERCHANT', 'API', 'URL', 'EVENTS', 'STATUS', 'FAILURES', 'LAST TAKEN']

/** For a list, under `webhookHeader`. */
export function webhookRow(object: unknown): Cell[] {
  const webhook = checked(WebhookObject, object)
  const { id, merchant_id: merchant, api, url, status, failures, last_delivered_at: last } = webhook
  return [
    ...[id, merchant ?? 'all', api ?? 'all', url, eventsText(webhook), status, String(failures)],
    shortTime(last),
  ]
}

function webhookText(webhook: WebhookObject, isColoured: boolean): string {
  const reason = webhook.disabled_reason === null ? '' : ` (${webhook.disabled_reason})`
  return renderFields(
    [
      ['id', webhook.id],
      ['name', webhook.name ?? '-'],
      ['url', webhook.url],
      ['merchant', webhook.merchant_id ?? 'all'],
      ['api', webhook.api ?? 'all'],
      ['events', eventsText(webhook)],
      ['status', `${webhook.status}${reason}`],
      ['failures', String(webhook.failures)],
      ['next try', shortTime(webhook.next_attempt_at)],
      ['last taken', shortTime(webhook.last_delivered_at)],
    ],
    isColoured,
  )
}

function eventsText({ events }: WebhookObject): string {
  return events.includes('*') ? 'all' : events.join(', ')
}
