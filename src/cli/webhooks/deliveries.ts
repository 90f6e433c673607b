// What became of telling a webhook: `latchkey webhooks test`, `deliveries` and `redeliver`.

import type { Command } from 'commander'
import { type Static, Type } from 'typebox'
import { pathPart } from '../admin/admin-call.ts'
import { checked, NullableText } from '../admin/admin-objects.ts'
import { addCall, pathOf } from '../common-verbs.ts'
import {
  addChange,
  addVerb,
  type ChangeFlags,
  type OutputFlags,
  type Session,
  shortTime,
  show,
  showRows,
} from '../session.ts'
import type { Cell } from '../table.ts'
import { webhooks } from './webhook-object.ts'

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

/** `webhooks test`, `deliveries` and `redeliver`. */
export function registerDeliveries(group: Command, session: Session): void {
  addCall(group, session, {
    ...{ kind: webhooks, name: 'test', method: 'POST', below: 'test', render: queuedText },
    about: 'send a webhook.test; `deliveries` shows what became of it',
  })
  registerList(group, session)
  registerRedelivery(group, session)
}

function queuedText(answer: unknown): string {
  return `${checked(DeliveryObject, answer).id} is sent now: latchkey webhooks deliveries\n`
}

interface DeliveriesFlags extends OutputFlags {
  readonly status?: string
}

function registerList(group: Command, session: Session): void {
  addVerb(group, {
    name: 'deliveries',
    about: 'list what became of the events at a webhook, newest first',
    example: 'latchkey webhooks deliveries whk_01K8ZX3V9Q --status failed',
  })
    .argument('<id>', 'webhook, whk_…')
    .option('--status <status>', 'pending, delivered or failed')
    .action(async (id: string, flags: DeliveriesFlags) => {
      const path = `${pathOf(webhooks, id)}/deliveries`
      const call = { doing: `list deliveries of webhook ${id}`, path, query: { status: flags.status } }
      const answer = await session.connect().list(call, 200)
      const header = ['ID', 'TYPE', 'STATUS', 'TRIES', 'LAST', 'ANSWER', 'FAILURE', 'NEXT']
      showRows(session, flags, { answer, header, rowOf: (one) => deliveryRow(checked(DeliveryObject, one)) })
    })
}

function registerRedelivery(group: Command, session: Session): void {
  addChange(group, {
    name: 'redeliver',
    about: 'send an event once more',
    example: 'latchkey webhooks redeliver whk_01K8ZX3V9Q dlv_01K8ZX3V9Q',
  })
    .argument('<id>', 'webhook, whk_…')
    .argument('<delivery>', 'delivery, dlv_…')
    .action(async (id: string, delivery: string, flags: ChangeFlags) => {
      const path = `${pathOf(webhooks, id)}/deliveries/${pathPart(delivery)}/redeliver`
      const call = { doing: `send ${delivery} again`, method: 'POST', path, reason: flags.reason } as const
      const answer = await session.connect().call(call)
      show(session, flags, { answer, render: () => queuedText(answer) })
    })
}

function deliveryRow(delivery: DeliveryObject): Cell[] {
  const { id, type, status, attempts, response_status: answer, failure } = delivery
  return [
    ...[id, type, status, String(attempts), shortTime(delivery.last_attempt_at)],
    ...[answer === null ? '-' : String(answer), failure ?? '-', shortTime(delivery.next_attempt_at)],
  ]
}
