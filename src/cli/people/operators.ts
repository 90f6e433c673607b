// `latchkey operators …`: the platform's people, who sign in at the hub.

import type { Command } from 'commander'
import { type Static, Type } from 'typebox'
import { printable } from '../../errors/printable.ts'
import { addAccountActions, linkText } from './account-actions.ts'
import type { AdminClient } from '../admin/admin-client.ts'
import { checked, NullableText } from '../admin/admin-objects.ts'
import { CliError } from '../errors.ts'
import { exitCodes } from '../exit.ts'
import { rolesHelp, roleOption } from './roles.ts'
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

const Operator = Type.Object({
  id: Type.String(),
  email: Type.String(),
  role: Type.String(),
  status: Type.String(),
  signed_in_at: NullableText,
})
type Operator = Static<typeof Operator>

export function registerOperators(program: Command, session: Session): void {
  const group = program
    .command('operators')
    .description(
      'make, list, change and disable operators: the people of the platform, who sign in at the hub',
    )
    .addHelpText('after', '\nExample:\n  $ latchkey operators list')
  registerCreate(group, session)
  registerList(group, session)
  registerRole(group, session)
  addAccountActions(group, session, {
    ...{ of: 'operators', example: '', find: findOperator, dress: (verb) => verb },
  })
}

function registerCreate(group: Command, session: Session): void {
  addChange(group, {
    name: 'create',
    about: 'make an operator; prints a link that sets the password, once, within 24 hours',
    example: 'latchkey operators create --email ann@example.com',
  })
    .requiredOption('--email <address>', 'who signs in')
    .addOption(roleOption().default('admin'))
    .addHelpText('after', rolesHelp)
    .action(async (flags: ChangeFlags & { readonly email: string; readonly role: string }) => {
      const { email, role, reason } = flags
      const body = { email, role }
      const call = { doing: 'create the operator', method: 'POST', path: '/operators', body, reason } as const
      const answer = await session.connect().call(call)
      show(session, flags, {
        answer,
        render: () => `Operator ${nameOf(checked(Operator, answer))}\n${linkText(answer)}`,
      })
    })
}

function registerList(group: Command, session: Session): void {
  addVerb(group, {
    name: 'list',
    about: 'list the operators, newest first',
    example: 'latchkey operators list',
  }).action(async (flags: OutputFlags) => {
    const answer = await session.connect().list({ doing: 'list operators', path: '/operators' })
    showRows(session, flags, {
      answer,
      header: ['ID', 'EMAIL', 'ROLE', 'STATUS', 'SIGNED IN'],
      rowOf(object) {
        const { id, email, role, status, signed_in_at: signedInAt } = checked(Operator, object)
        return [id, email, role, status, shortTime(signedInAt)]
      },
    })
  })
}

function registerRole(group: Command, session: Session): void {
  addChange(group, {
    name: 'set-role',
    about: 'give an operator another role, and end its sessions',
    example: 'latchkey operators set-role ann@example.com --role support',
  })
    .argument('<email>', 'who signs in')
    .addOption(roleOption().makeOptionMandatory())
    .addHelpText('after', rolesHelp)
    .action(async (email: string, flags: ChangeFlags & { readonly role: string }) => {
      const { role, reason } = flags
      const client = session.connect()
      const { id } = await findOperator(client, email)
      const call = {
        doing: `change the role of ${email}`,
        method: 'PATCH',
        path: `/operators/${id}`,
      } as const
      const answer = await client.call({ ...call, body: { role }, reason })
      show(session, flags, { answer, render: () => `Operator ${nameOf(checked(Operator, answer))}\n` })
    })
}

async function findOperator(client: AdminClient, email: string): Promise<Operator> {
  const doing = `find the operator ${email}`
  const { data } = await client.list({ doing, path: '/operators', query: { email } }, 1)
  const [found] = data
  if (found !== undefined) return checked(Operator, found)
  throw new CliError(`no operator has the address ${printable(email)}`, exitCodes.failed, [
    'See `latchkey operators list`.',
  ])
}

function nameOf({ email, id, role }: Operator): string {
  return `${printable(email)} (${printable(id)}, ${printable(role)})`
}
