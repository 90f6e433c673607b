// `latchkey keys update`: what a key is called, may do, and when it stops working.

import { type Command, Option } from 'commander'
import { pathPart } from '../admin/admin-call.ts'
import { checked, KeyObject } from '../admin/admin-objects.ts'
import { parseLifetime, parseTime } from '../duration.ts'
import { CliError } from '../errors.ts'
import { exitCodes } from '../exit.ts'
import { addAbout, type AboutFlags, aboutOf } from './key-about.ts'
import { keyText } from './key-text.ts'
import { addLimits, addNoLimits, type LimitFlags, limitsOf } from '../limit-options.ts'
import { addChange, type ChangeFlags, type Session, showChange } from '../session.ts'

interface UpdateFlags extends ChangeFlags, AboutFlags, LimitFlags {
  readonly name?: string
  readonly permission?: readonly string[]
  /** Seconds. */
  readonly expiresIn?: number
  /** RFC 3339. */
  readonly expiresAt?: string
  /** False: `--no-expiry`. */
  readonly expiry: boolean
  /** False: `--no-allowed-ips`. */
  readonly allowedIps?: readonly string[] | false
}

export function registerUpdate(group: Command, session: Session): void {
  const verb = addChange(group, {
    name: 'update',
    about: 'change what is named; the rest of the key stays as it is',
    example: `latchkey keys update key_01K8ZX3V9Q --name 'Checkout EU' --expires-in 90d`,
  })
    .argument('<id>', 'key, key_…')
    .option('--name <name>', 'new name')
    .option('--permission <names...>', 'what the key may do from now on, in place of all before')
    .addOption(
      new Option('--expires-in <duration>', 'it stops working after that, such as 90d')
        .argParser(parseLifetime)
        .conflicts(['expiresAt', 'expiry']),
    )
    .addOption(
      new Option('--expires-at <time>', 'it stops working then, such as 2027-01-31T12:00:00Z')
        .argParser(parseTime)
        .conflicts('expiry'),
    )
    .option('--no-expiry', 'it never stops working by itself')
  addNoLimits(addLimits(addAbout(verb)))
    .option(
      '--allowed-ips <addresses...>',
      'addresses and CIDR blocks that it may be used from, and no others',
    )
    .option('--no-allowed-ips', 'it may be used from anywhere')
    .option('--no-metadata', 'no pairs any more')
    .option('--no-owner', 'nobody answers for it any more')
    .action(async (id: string, flags: UpdateFlags) => {
      const body = patchOf(flags, session.now())
      const path = `/keys/${pathPart(id)}`
      const { reason } = flags
      const call = { doing: `update key ${id}`, method: 'PATCH', path, body, reason } as const
      const answer = await session.connect().call(call)
      const render = (isColoured: boolean) => keyText(checked(KeyObject, answer), session.now(), isColoured)
      showChange(session, flags, { answer, render })
    })
}

function patchOf(flags: UpdateFlags, nowMs: number): Readonly<Record<string, unknown>> {
  const { name, permission, expiresIn, allowedIps } = flags
  const inTime = expiresIn === undefined ? undefined : new Date(nowMs + expiresIn * 1000).toISOString()
  const expiresAt = flags.expiry ? (flags.expiresAt ?? inTime) : null
  const about = { ...limitsOf(flags), ...aboutOf(flags) }
  const given = [name, permission, expiresAt, allowedIps]
  if (given.every((one) => one === undefined) && Object.keys(about).length === 0) {
    throw new CliError(
      'nothing to update: give at least one of --name, --permission, --expires-in, --expires-at, --no-expiry, --metadata, --owner, --allowed-ips, --no-allowed-ips, --rate-limits, --no-rate-limits, --in-flight, --no-in-flight',
      exitCodes.usage,
    )
  }
  return {
    ...(name !== undefined && { name }),
    ...(permission !== undefined && { permissions: permission }),
    ...(expiresAt !== undefined && { expires_at: expiresAt }),
    ...(allowedIps !== undefined && { allowed_ips: allowedIps === false ? [] : allowedIps }),
    ...about,
  }
}
