// `latchkey webhooks …`: who is told of what becomes of keys and merchants, and what became of telling them.

import type { Command } from 'commander'
import { checked } from '../admin/admin-objects.ts'
import { addCall, addList, addSecretRotation, addShow } from '../common-verbs.ts'
import type { Session } from '../session.ts'
import { registerCreate, registerUpdate } from './changes.ts'
import { registerDeliveries } from './deliveries.ts'
import { showSecret, WebhookObject, webhookHeader, webhookRow, webhooks } from './webhook-object.ts'

export function registerWebhooks(program: Command, session: Session): void {
  const group = program
    .command('webhooks')
    .description('make, list and change webhooks; see what became of their events')
    .addHelpText('after', '\nExample:\n  $ latchkey webhooks list')
  registerCreate(group, session)
  addList(group, session, { kind: webhooks, header: webhookHeader, rowOf: webhookRow })
  addShow(group, session, webhooks)
  registerUpdate(group, session)
  registerStates(group, session)
  addSecretRotation(group, session, {
    ...{ kind: webhooks, showSecret },
    about: 'make a second secret; both sign until the grace ends',
    graceHelp: 'for how long the old one signs, too: 0s to 7d; 24h unless said',
  })
  addCall(group, session, {
    ...{ kind: webhooks, name: 'delete', about: 'delete a webhook', method: 'DELETE' },
    render: (answer) => `Webhook ${checked(WebhookObject, answer).id} is deleted.\n`,
  })
  registerDeliveries(group, session)
}

function registerStates(group: Command, session: Session): void {
  for (const [name, status, about] of [
    ['enable', 'enabled', 'go on telling a webhook, from where it stood'],
    ['disable', 'disabled', 'tell a webhook nothing until it is enabled'],
  ] as const)
    addCall(group, session, {
      ...{ kind: webhooks, name, about, method: 'PATCH', body: { status }, render: webhooks.text },
    })
}
