// `latchkey merchants update`: what a merchant is called and may do.

import { type Command, InvalidArgumentError } from 'commander'
import { mostQuota, quotaName } from '../../config/quota-schema.ts'
import { pathPart } from '../admin/admin-call.ts'
import { checked, MerchantObject } from '../admin/admin-objects.ts'
import { CliError } from '../errors.ts'
import { exitCodes } from '../exit.ts'
import { addLimits, addNoLimits, type LimitFlags, limitsOf } from '../limit-options.ts'
import { merchantText } from './merchant-text.ts'
import { addChange, type ChangeFlags, type Session, showChange } from '../session.ts'

type Quotas = Readonly<Record<string, { readonly requests: number }>>

interface UpdateFlags extends ChangeFlags, LimitFlags {
  readonly name?: string
  /** False: `--no-plan`. */
  readonly plan?: string | false
  /** False: `--no-quotas`. */
  readonly quotas?: Quotas | false
}

export function registerMerchantUpdate(group: Command, session: Session): void {
  const verb = addChange(group, {
    name: 'update',
    about: 'change what is named; the rest of the merchant stays as it is',
    example: 'latchkey merchants update mer_01K8ZX3V9Q --plan gold --rate-limits default=500/s:1000',
  })
    .argument('<id>', 'merchant, mer_…')
    .option('--name <name>', 'new name, for people')
    .option('--plan <name>', 'a plan of the file')
    .option('--no-plan', 'no plan')
  addNoLimits(addLimits(verb))
    .option(
      '--quotas <quotas...>',
      'what counts in place of quotas of the file, as in monthly=5000000',
      parseQuotas,
    )
    .option('--no-quotas', 'what file and plan say of quotas counts')
    .action(async (id: string, flags: UpdateFlags) => {
      const path = `/merchants/${pathPart(id)}`
      const body = patchOf(flags)
      const { reason } = flags
      const call = { doing: `update merchant ${id}`, method: 'PATCH', path, body, reason } as const
      const answer = await session.connect().call(call)
      const render = (isColoured: boolean) => merchantText(checked(MerchantObject, answer), isColoured)
      showChange(session, flags, { answer, render })
    })
}

function patchOf(flags: UpdateFlags): Readonly<Record<string, unknown>> {
  const { name, plan, quotas } = flags
  const body = {
    ...(name !== undefined && { name }),
    ...(plan !== undefined && { plan: plan === false ? null : plan }),
    ...limitsOf(flags),
    ...(quotas !== undefined && { quotas: quotas === false ? {} : quotas }),
  }
  if (Object.keys(body).length > 0) return body
  throw new CliError(
    'nothing to update: give at least one of --name, --plan, --no-plan, --rate-limits, --no-rate-limits, --in-flight, --no-in-flight, --quotas, --no-quotas',
    exitCodes.usage,
  )
}

function parseQuotas(text: string, before: Quotas | false | undefined): Quotas {
  const [, name = '', requests = ''] = /^([^=]+)=([1-9][0-9]{0,15})$/.exec(text) ?? []
  if (!new RegExp(quotaName.pattern).test(name) || Number(requests) > mostQuota)
    throw new InvalidArgumentError('give a name and requests a month, as in monthly=5000000')
  const others = before === false || before === undefined ? {} : before
  return { ...others, [name]: { requests: Number(requests) } }
}
