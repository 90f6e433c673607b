// `latchkey webhooks …`: who is told of what becomes of keys and merchants, and what became of telling them.

import type { Command } from 'commander'
import { type Static, Type } from 'typebox'
import { pathPart } from './admin-call.ts'
import { checked, NullableText } from './admin-objects.ts'
import { parseGrace } from './duration.ts'
import {
  addChange,
  addVerb,
  type ChangeFlags,
  type OutputFlags,
  type Session,
  shortTime,
  show,
  showRows,
} from './session.ts'
import { type Cell, renderFields } from './table.ts'

const WebhookObject = Type.Object({
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

const DeliveryObject = Type.Object({
  id: Type.String(),
  event_id: Type.String(),
  type: Type.String(),
  status: Type.String(),
  attempts: Type.Integer(),
  last_attempt_at: NullableText,
  next_attempt_at: NullableText,
  response_status: Type.Union([Type.Integer(), Type.Null()]),
  failure: NullableText,
})
type DeliveryObject = Static<typeof DeliveryObject>

export function registerWebhooks(program: Command, session: Session): void {
  const group = program
    .command('webhooks')
    .description('make, list and change webhooks; see what became of their events')
    .addHelpText('after', '\nExample:\n  $ latchkey webhooks list')
  registerCreate(group, session)
  registerReads(group, session)
  registerUpdate(group, session)
  registerRotation(group, session)
  registerEnds(group, session)
  registerDeliveries(group, session)
}

interface CreateFlags extends ChangeFlags {
  readonly url: string
  readonly name?: string
  readonly merchant?: string
  readonly api?: string
  readonly event?: string[]
}

function registerCreate(group: Command, session: Session): void {
  addChange(group, {
    name: 'create',
    about: 'make a webhook; its secret is shown once',
    example: 'latchkey webhooks create --url https://shop.example/hooks --merchant mer_01K8ZX3V9Q',
  })
    .requiredOption('--url <url>', 'where it is told: https://…')
    .option('--name <name>', 'what people call it')
    .option('--merchant <id>', 'of this merchant alone, mer_…')
    .option('--api <name>', 'of this API alone')
    .option('--event <type...>', 'types to be told of, such as api_key.revoked; all unless said')
    .action(async (flags: CreateFlags) => {
      const { url, name, merchant, api, event } = flags
      const body = {
        url,
        ...(name !== undefined && { name }),
        ...(merchant !== undefined && { merchant_id: merchant }),
        ...(api !== undefined && { api }),
        ...(event !== undefined && { events: event }),
      }
      const call = { doing: 'create the webhook', method: 'POST', path: '/webhooks', body } as const
      const answer = await session.connect().call({ ...call, reason: flags.reason })
      showSecret(session, flags, answer)
    })
}

function showSecret(session: Session, flags: OutputFlags, answer: unknown): void {
  const render = (isColoured: boolean) => {
    const webhook = checked(WebhookWithSecret, answer)
    return `${webhookText(webhook, isColoured)}\n${webhook.secret}\nIt is not shown again. What is sent is signed with it (standardwebhooks.com).\n`
  }
  show(session, flags, { answer, render })
}

interface ListFlags extends OutputFlags {
  readonly merchant?: string
}

function registerReads(group: Command, session: Session): void {
  addVerb(group, { name: 'list', about: 'list webhooks, newest first', example: 'latchkey webhooks list' })
    .option('--merchant <id>', 'of this merchant alone, mer_…')
    .action(async (flags: ListFlags) => {
      const call = { doing: 'list webhooks', path: '/webhooks', query: { merchant_id: flags.merchant } }
      const answer = await session.connect().list(call)
      const header = ['ID', 'MERCHANT', 'API', 'URL', 'EVENTS', 'STATUS', 'FAILURES', 'LAST TAKEN']
      showRows(session, flags, { answer, header, rowOf: (one) => webhookRow(checked(WebhookObject, one)) })
    })
  addVerb(group, { name: 'show', about: 'show a webhook', example: 'latchkey webhooks show whk_01K8ZX3V9Q' })
    .argument('<id>', 'webhook, whk_…')
    .action(async (id: string, flags: OutputFlags) => {
      const path = `/webhooks/${pathPart(id)}`
      const answer = await session.connect().call({ doing: `show webhook ${id}`, method: 'GET', path })
      showWebhook(session, flags, answer)
    })
}

function showWebhook(session: Session, flags: OutputFlags, answer: unknown): void {
  const render = (isColoured: boolean) => webhookText(checked(WebhookObject, answer), isColoured)
  show(session, flags, { answer, render })
}

interface UpdateFlags extends ChangeFlags {
  readonly url?: string
  readonly name?: string
  readonly event?: string[]
}

function registerUpdate(group: Command, session: Session): void {
  addChange(group, {
    name: 'update',
    about: 'change where a webhook is, its name, or what it is told of',
    example: 'latchkey webhooks update whk_01K8ZX3V9Q --event api_key.revoked merchant.suspended',
  })
    .argument('<id>', 'webhook, whk_…')
    .option('--url <url>', 'where it is told: https://…')
    .option('--name <name>', 'what people call it')
    .option('--event <type...>', 'types to be told of; `*`: all')
    .action(async (id: string, flags: UpdateFlags) => {
      const { url, name, event } = flags
      const body = {
        ...(url !== undefined && { url }),
        ...(name !== undefined && { name }),
        ...(event !== undefined && { events: event }),
      }
      showWebhook(session, flags, await patch(session, { id, doing: 'update', body, reason: flags.reason }))
    })
  for (const [verb, status, about] of [
    ['enable', 'enabled', 'go on telling a webhook, from where it stood'],
    ['disable', 'disabled', 'tell a webhook nothing until it is enabled'],
  ] as const)
    addChange(group, { name: verb, about, example: `latchkey webhooks ${verb} whk_01K8ZX3V9Q` })
      .argument('<id>', 'webhook, whk_…')
      .action(async (id: string, flags: ChangeFlags) => {
        const { reason } = flags
        showWebhook(session, flags, await patch(session, { id, doing: verb, body: { status }, reason }))
      })
}

interface Patch {
  readonly id: string
  readonly doing: string
  readonly body: Readonly<Record<string, unknown>>
  readonly reason: string | undefined
}

function patch(session: Session, { id, doing, body, reason }: Patch): Promise<unknown> {
  const call = {
    doing: `${doing} webhook ${id}`,
    method: 'PATCH',
    path: `/webhooks/${pathPart(id)}`,
  } as const
  return session.connect().call({ ...call, body, reason })
}

interface RotateFlags extends ChangeFlags {
  readonly grace?: number
}

function registerRotation(group: Command, session: Session): void {
  addChange(group, {
    name: 'rotate-secret',
    about: 'make a second secret; both sign until the grace ends',
    example: 'latchkey webhooks rotate-secret whk_01K8ZX3V9Q --grace 24h',
  })
    .argument('<id>', 'webhook, whk_…')
    .option(
      '--grace <duration>',
      'for how long the old one signs, too: 0s to 7d; 24h unless said',
      parseGrace,
    )
    .action(async (id: string, flags: RotateFlags) => {
      const path = `/webhooks/${pathPart(id)}/rotate-secret`
      const body = flags.grace === undefined ? {} : { grace_seconds: flags.grace }
      const call = { doing: `rotate the secret of webhook ${id}`, method: 'POST', path, body } as const
      showSecret(session, flags, await session.connect().call({ ...call, reason: flags.reason }))
    })
}

function registerEnds(group: Command, session: Session): void {
  addChange(group, {
    name: 'delete',
    about: 'delete a webhook',
    example: 'latchkey webhooks delete whk_01K8ZX3V9Q',
  })
    .argument('<id>', 'webhook, whk_…')
    .action(async (id: string, flags: ChangeFlags) => {
      const call = {
        doing: `delete webhook ${id}`,
        method: 'DELETE',
        path: `/webhooks/${pathPart(id)}`,
      } as const
      const answer = await session.connect().call({ ...call, reason: flags.reason })
      show(session, flags, {
        answer,
        render: () => `Webhook ${checked(WebhookObject, answer).id} is deleted.\n`,
      })
    })
  addChange(group, {
    name: 'test',
    about: 'send a webhook.test; `deliveries` shows what became of it',
    example: 'latchkey webhooks test whk_01K8ZX3V9Q',
  })
    .argument('<id>', 'webhook, whk_…')
    .action(async (id: string, flags: ChangeFlags) => {
      const path = `/webhooks/${pathPart(id)}/test`
      const call = { doing: `test webhook ${id}`, method: 'POST', path, reason: flags.reason } as const
      showQueued(session, flags, await session.connect().call(call))
    })
}

function showQueued(session: Session, flags: OutputFlags, answer: unknown): void {
  const render = () => `${checked(DeliveryObject, answer).id} is sent now: latchkey webhooks deliveries\n`
  show(session, flags, { answer, render })
}

interface DeliveriesFlags extends OutputFlags {
  readonly status?: string
}

function registerDeliveries(group: Command, session: Session): void {
  addVerb(group, {
    name: 'deliveries',
    about: 'list what became of the events at a webhook, newest first',
    example: 'latchkey webhooks deliveries whk_01K8ZX3V9Q --status failed',
  })
    .argument('<id>', 'webhook, whk_…')
    .option('--status <status>', 'pending, delivered or failed')
    .action(async (id: string, flags: DeliveriesFlags) => {
      const path = `/webhooks/${pathPart(id)}/deliveries`
      const call = { doing: `list deliveries of webhook ${id}`, path, query: { status: flags.status } }
      const answer = await session.connect().list(call, 200)
      const header = ['ID', 'TYPE', 'STATUS', 'TRIES', 'LAST', 'ANSWER', 'FAILURE', 'NEXT']
      showRows(session, flags, { answer, header, rowOf: (one) => deliveryRow(checked(DeliveryObject, one)) })
    })
  addChange(group, {
    name: 'redeliver',
    about: 'send an event once more',
    example: 'latchkey webhooks redeliver whk_01K8ZX3V9Q dlv_01K8ZX3V9Q',
  })
    .argument('<id>', 'webhook, whk_…')
    .argument('<delivery>', 'delivery, dlv_…')
    .action(async (id: string, delivery: string, flags: ChangeFlags) => {
      const path = `/webhooks/${pathPart(id)}/deliveries/${pathPart(delivery)}/redeliver`
      const call = { doing: `send ${delivery} again`, method: 'POST', path, reason: flags.reason } as const
      showQueued(session, flags, await session.connect().call(call))
    })
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

function webhookRow(webhook: WebhookObject): Cell[] {
  const { id, merchant_id: merchant, api, url, status, failures, last_delivered_at: last } = webhook
  return [
    ...[id, merchant ?? 'all', api ?? 'all', url, eventsText(webhook), status, String(failures)],
    shortTime(last),
  ]
}

function deliveryRow(delivery: DeliveryObject): Cell[] {
  const { id, type, status, attempts, response_status: answer, failure } = delivery
  return [
    ...[id, type, status, String(attempts), shortTime(delivery.last_attempt_at)],
    ...[answer === null ? '-' : String(answer), failure ?? '-', shortTime(delivery.next_attempt_at)],
  ]
}
