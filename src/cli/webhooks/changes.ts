// `latchkey webhooks create` and `update`.

import type { Command } from 'commander'
import { pathOf } from '../common-verbs.ts'
import { addChange, type ChangeFlags, type Session, show } from '../session.ts'
import { showSecret, webhooks } from './webhook-object.ts'

interface CreateFlags extends ChangeFlags {
  readonly url: string
  readonly name?: string
  readonly merchant?: string
  readonly api?: string
  readonly event?: string[]
}

/** `webhooks create`. */
export function registerCreate(group: Command, session: Session): void {
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

interface UpdateFlags extends ChangeFlags {
  readonly url?: string
  readonly name?: string
  readonly event?: string[]
}

/** `webhooks update`. */
export function registerUpdate(group: Command, session: Session): void {
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
      const { url, name, event, reason } = flags
      const body = {
        ...(url !== undefined && { url }),
        ...(name !== undefined && { name }),
        ...(event !== undefined && { events: event }),
      }
      const call = { doing: `update webhook ${id}`, method: 'PATCH', path: pathOf(webhooks, id) } as const
      const answer = await session.connect().call({ ...call, body, reason })
      show(session, flags, { answer, render: (isColoured) => webhooks.text(answer, isColoured) })
    })
}
