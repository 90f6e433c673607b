// `latchkey operators …`: the platform's people, who sign in at the hub.

import { type Command, Option } from 'commander'
import { type Static, Type } from 'typebox'
import { tokenRoles } from '../credentials/role.ts'
import { printable } from '../errors/printable.ts'
import type { AdminClient } from './admin-client.ts'
import { checked, NullableText } from './admin-objects.ts'
import { CliError } from './errors.ts'
import { exitCodes } from './exit.ts'
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

const Operator = Type.Object({
  id: Type.String(),
  email: Type.String(),
  role: Type.String(),
  status: Type.String(),
  signed_in_at: NullableText,
})
type Operator = Static<typeof Operator>

export const LinkPart = Type.Object({
  link: Type.Union([Type.Object({ url: Type.String(), expires_at: Type.String() }), Type.Null()]),
})

export function registerOperators(program: Command, session: Session): void {
  const group = program
    .command('operators')
    .description('make, list and disable operators: the people of the platform, who sign in at the hub')
    .addHelpText('after', '\nExample:\n  $ latchkey operators list')
  registerCreate(group, session)
  registerList(group, session)
  registerDisable(group, session)
}

function registerCreate(group: Command, session: Session): void {
  addChange(group, {
    name: 'create',
    about: 'make an operator; prints a link that sets the password, once, within 24 hours',
    example: 'latchkey operators create --email ann@example.com',
  })
    .requiredOption('--email <address>', 'who signs in')
    .addOption(new Option('--role <role>', 'what it may do').choices(tokenRoles).default('admin'))
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

function registerDisable(group: Command, session: Session): void {
  addChange(group, {
    name: 'disable',
    about: 'keep an operator from signing in, and end its sessions',
    example: 'latchkey operators disable ann@example.com',
  })
    .argument('<email>', 'who signs in')
    .action(async (email: string, flags: ChangeFlags) => {
      const client = session.connect()
      const { id } = await findOperator(client, email)
      const call = { doing: `disable ${email}`, method: 'POST', path: `/operators/${id}/disable` } as const
      const answer = await client.call({ ...call, reason: flags.reason })
      const render = () => `Operator ${nameOf(checked(Operator, answer))} is disabled.\n`
      show(session, flags, { answer, render })
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

/** What came with an answer: a link, or the word that it was mailed. */
export function linkText(answer: unknown): string {
  const { link } = checked(LinkPart, answer)
  if (link === null) return 'The link was sent by mail.\n'
  return `${printable(link.url)}\nIt works once, until ${shortTime(link.expires_at)}, and is not shown again.\n`
}
