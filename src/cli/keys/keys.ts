// `latchkey keys …`: a key's way from its making to its end.

import { type Command, Option } from 'commander'
import { type KeyAction, keyActions } from '../../credentials/lifecycle.ts'
import { type ListedStatus, listedStatuses } from '../../credentials/record.ts'
import { pathPart } from '../admin/admin-call.ts'
import { checked, KeyObject, KeyWithSecret } from '../admin/admin-objects.ts'
import { parseGrace, parseLifetime } from '../duration.ts'
import { parseEnvironment } from '../environment.ts'
import { registerImport } from './key-import.ts'
import { registerReminders } from './key-reminders.ts'
import { keyTable, keyText, newSecretText } from './key-text.ts'
import { registerUpdate } from './key-update.ts'
import { addLimits, type LimitFlags, limitsOf } from '../limit-options.ts'
import { addAbout, type AboutFlags, aboutOf } from './key-about.ts'
import { registerCheckSecret } from './check-secret.ts'
import { registerExposed } from './exposed.ts'
import { registerScannerRules } from './scanner-rules.ts'
import {
  addChange,
  addVerb,
  type ChangeFlags,
  type OutputFlags,
  type Session,
  show,
  showChange,
} from '../session.ts'

export function registerKeys(program: Command, session: Session): void {
  const group = program
    .command('keys')
    .description('make, import, show, change, rotate and revoke API keys')
    .addHelpText('after', '\nExample:\n  $ latchkey keys list --status active')
  registerCreate(group, session)
  registerList(group, session)
  registerShow(group, session)
  registerUpdate(group, session)
  registerAction(group, session, { action: 'disable', about: 'refuse a key until it is enabled again' })
  registerAction(group, session, { action: 'enable', about: 'accept a disabled key again' })
  registerAction(group, session, { action: 'revoke', about: 'refuse a key for ever; this is final' })
  registerRotate(group, session)
  registerEndRotation(group, session)
  registerRelease(group, session)
  registerImport(group, session)
  registerReminders(group, session)
  registerExposed(group, session)
  registerScannerRules(group, session)
  registerCheckSecret(group, session)
}

interface CreateFlags extends ChangeFlags, AboutFlags, LimitFlags {
  readonly allowedIps?: readonly string[]
  readonly merchant: string
  readonly api: string
  readonly env: string
  readonly name: string
  readonly permission: readonly string[]
  /** Seconds. */
  readonly expiresIn?: number
}

function registerCreate(group: Command, session: Session): void {
  const verb = addChange(group, {
    name: 'create',
    about: 'make a key; its secret is shown once, in the answer',
    example: `latchkey keys create --merchant mer_01K8ZX3V9Q --api flintn --env live --name Checkout \\
      --permission transaction.read transaction.search --expires-in 90d`,
  })
    .requiredOption('--merchant <id>', 'merchant that the key is for, mer_…')
    .requiredOption('--api <name>', 'API that the key is for')
    .requiredOption('--env <environment>', 'environment of that API, such as live', parseEnvironment)
    .requiredOption('--name <name>', 'name, for people')
    .requiredOption(
      '--permission <names...>',
      "what the key may do; '*' for all of the API (may be repeated)",
    )
    .option(
      '--expires-in <duration>',
      'when it stops working, such as 90d (never unless said)',
      parseLifetime,
    )
  const told = addLimits(addAbout(verb)).option(
    '--allowed-ips <addresses...>',
    'addresses and CIDR blocks that it may be used from, and no others',
  )
  told.action(async (flags: CreateFlags) => {
    const answer = await session.connect().call({
      doing: 'create the key',
      method: 'POST',
      path: '/keys',
      reason: flags.reason,
      body: {
        merchant_id: flags.merchant,
        api: flags.api,
        environment: flags.env,
        name: flags.name,
        permissions: flags.permission,
        ...aboutOf(flags),
        ...limitsOf(flags),
        ...(flags.allowedIps !== undefined && { allowed_ips: flags.allowedIps }),
        ...(flags.expiresIn !== undefined && {
          expires_at: new Date(session.now() + flags.expiresIn * 1000).toISOString(),
        }),
      },
    })
    showNewSecret(session, flags, answer)
  })
}

interface ListFlags extends OutputFlags {
  readonly merchant?: string
  readonly status?: ListedStatus
  readonly api?: string
  readonly env?: string
  readonly q?: string
  readonly last4?: string
  readonly olderThan?: string
  readonly unusedFor?: string
  readonly expiresWithin?: string
}

function registerList(group: Command, session: Session): void {
  addVerb(group, {
    name: 'list',
    about: 'list keys, newest first',
    example:
      'latchkey keys list --merchant mer_01K8ZX3V9Q --status active\n  $ latchkey keys list --last4 4f9Z',
  })
    .option('--merchant <id>', 'only keys of this merchant')
    .addOption(new Option('--status <status>', 'only keys in this status').choices(listedStatuses))
    .option('--api <name>', 'only keys for this API')
    .option('--env <environment>', 'only keys of this environment')
    .option('--q <text>', 'only keys whose name, id or last four characters hold this')
    .option('--last4 <text>', 'only keys with a secret that works and ends in these four characters')
    .option('--older-than <duration>', 'only keys whose current secret is older, such as 90d')
    .option('--unused-for <duration>', 'only keys that nobody has used for so long, such as 90d')
    .option('--expires-within <duration>', 'only keys that end within this time, such as 14d')
    .action(async (flags: ListFlags) => {
      const { merchant, status, api, env, q, last4 } = flags
      const ages = {
        older_than: flags.olderThan,
        unused_for: flags.unusedFor,
        expires_within: flags.expiresWithin,
      }
      const query = { merchant_id: merchant, status, api, environment: env, q, last4, ...ages }
      const answer = await session.connect().list({ doing: 'list keys', path: '/keys', query })
      const render = (isColoured: boolean) => {
        const keys = answer.data.map((one) => checked(KeyObject, one))
        return keyTable(keys, session.now(), isColoured)
      }
      show(session, flags, { answer, render })
    })
}

function registerShow(group: Command, session: Session): void {
  addVerb(group, { name: 'show', about: 'show one key', example: 'latchkey keys show key_01K8ZX3V9Q' })
    .argument('<id>', 'key, key_…')
    .action(async (id: string, flags: OutputFlags) => {
      const path = `/keys/${pathPart(id)}`
      const answer = await session.connect().call({ doing: `show key ${id}`, method: 'GET', path })
      const render = (isColoured: boolean) => keyText(checked(KeyObject, answer), session.now(), isColoured)
      show(session, flags, { answer, render })
    })
}

function registerAction(
  group: Command,
  session: Session,
  verb: { readonly action: KeyAction; readonly about: string },
): void {
  const { action, about } = verb
  addChange(group, { name: action, about, example: `latchkey keys ${action} key_01K8ZX3V9Q` })
    .argument('<id>', 'key, key_…')
    .action(async (id: string, flags: ChangeFlags) => {
      const path = `/keys/${pathPart(id)}/${action}`
      const doing = `${action} key ${id}`
      const answer = await session.connect().call({ doing, method: 'POST', path, reason: flags.reason })
      showChange(session, flags, { answer, render: () => `Key ${id} is ${keyActions[action]}.\n` })
    })
}

function registerRotate(group: Command, session: Session): void {
  addChange(group, {
    name: 'rotate',
    about: 'give a key a new secret, shown once; the old one works until the grace ends',
    example: 'latchkey keys rotate key_01K8ZX3V9Q --grace 2h',
  })
    .argument('<id>', 'key, key_…')
    .option(
      '--grace <duration>',
      'how long the old secret still works (24h unless said; 0: not at all)',
      parseGrace,
    )
    .action(async (id: string, flags: ChangeFlags & { readonly grace?: number }) => {
      const path = `/keys/${pathPart(id)}/rotate`
      const body = flags.grace === undefined ? {} : { grace_seconds: flags.grace }
      const { reason } = flags
      const call = { doing: `rotate key ${id}`, method: 'POST', path, body, reason } as const
      const answer = await session.connect().call(call)
      showNewSecret(session, flags, answer)
    })
}

function registerEndRotation(group: Command, session: Session): void {
  addChange(group, {
    name: 'end-rotation',
    about: 'end the grace of a rotation: only the current secret works',
    example: 'latchkey keys end-rotation key_01K8ZX3V9Q',
  })
    .argument('<id>', 'key, key_…')
    .action(async (id: string, flags: ChangeFlags) => {
      const path = `/keys/${pathPart(id)}/rotation/end`
      const doing = `end the rotation of key ${id}`
      const answer = await session.connect().call({ doing, method: 'POST', path, reason: flags.reason })
      const render = () => `Key ${id} has one secret that works, the current one.\n`
      showChange(session, flags, { answer, render })
    })
}

function registerRelease(group: Command, session: Session): void {
  addChange(group, {
    name: 'release',
    about: 'undo what brakes have done to a key: enable it, or let it be used from where it could be before',
    example: 'latchkey keys release key_01K8ZX3V9Q --reason "a sale, all is well"',
  })
    .argument('<id>', 'key, key_…')
    .action(async (id: string, flags: ChangeFlags) => {
      const path = `/keys/${pathPart(id)}/brakes/release`
      const doing = `release key ${id}`
      const answer = await session.connect().call({ doing, method: 'POST', path, reason: flags.reason })
      const render = () => `No brake holds key ${id}.\n`
      showChange(session, flags, { answer, render })
    })
}

function showNewSecret(session: Session, flags: OutputFlags, answer: unknown): void {
  const render = (isColoured: boolean) =>
    newSecretText(checked(KeyWithSecret, answer), session.now(), isColoured)
  showChange(session, flags, { answer, render })
}
