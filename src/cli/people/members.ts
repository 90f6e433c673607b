// `latchkey members …`: a merchant's people, who sign in at the hub and see to its keys.

import { type Command, Option } from 'commander'
import { type Static, Type } from 'typebox'
import { memberRoles } from '../../credentials/role.ts'
import { printable } from '../../errors/printable.ts'
import { addAccountActions, linkText } from './account-actions.ts'
import { pathPart } from '../admin/admin-call.ts'
import type { AdminClient } from '../admin/admin-client.ts'
import { checked } from '../admin/admin-objects.ts'
import { CliError } from '../errors.ts'
import { exitCodes } from '../exit.ts'
import {
  addChange,
  addVerb,
  type ChangeFlags,
  type OutputFlags,
  type Session,
  show,
  showRows,
} from '../session.ts'

const Person = Type.Object({ id: Type.String(), email: Type.String(), role: Type.String() })
type Person = Static<typeof Person>
const Status = Type.Object({ status: Type.Optional(Type.String()) })

interface MerchantFlags extends OutputFlags {
  readonly merchant: string
}

export function registerMembers(program: Command, session: Session): void {
  const group = program
    .command('members')
    .description("invite, list, change and remove a merchant's people, who sign in at the hub")
    .addHelpText('after', '\nExample:\n  $ latchkey members list --merchant mer_01K8ZX3V9Q')
  registerInvite(group, session)
  registerList(group, session)
  registerRole(group, session)
  registerRemove(group, session)
  addAccountActions(group, session, {
    ...{ of: 'members', example: '--merchant mer_01K8ZX3V9Q ', dress: addMerchant, find: findMember },
  })
}

function addMerchant(verb: Command): Command {
  return verb.requiredOption('--merchant <id>', 'of this merchant, mer_…')
}

function registerInvite(group: Command, session: Session): void {
  addMerchant(
    addChange(group, {
      name: 'invite',
      about: 'invite an address to a merchant; prints a link that accepts, once, within 7 days',
      example: 'latchkey members invite --merchant mer_01K8ZX3V9Q --email bo@example.com --role viewer',
    }),
  )
    .requiredOption('--email <address>', 'who signs in')
    .addOption(memberRole())
    .action(
      async (flags: MerchantFlags & ChangeFlags & { readonly email: string; readonly role: string }) => {
        const { email, role, reason } = flags
        const path = `/merchants/${pathPart(flags.merchant)}/invitations`
        const call = { doing: `invite ${email}`, method: 'POST', path, body: { email, role } } as const
        const answer = await session.connect().call({ ...call, reason })
        const render = () => {
          const invited = checked(Person, answer)
          return `${printable(invited.email)} is invited as ${printable(invited.role)}\n${linkText(answer)}`
        }
        show(session, flags, { answer, render })
      },
    )
}

function registerList(group: Command, session: Session): void {
  addMerchant(
    addVerb(group, {
      name: 'list',
      about: 'list the members of a merchant, and who was invited',
      example: 'latchkey members list --merchant mer_01K8ZX3V9Q',
    }),
  ).action(async (flags: MerchantFlags) => {
    const { members, invited } = await peopleOf(session.connect(), flags.merchant)
    const answer = { data: [...members, ...invited], next_cursor: null }
    showRows(session, flags, {
      answer,
      header: ['ID', 'EMAIL', 'ROLE', 'STATUS'],
      rowOf(object) {
        const { id, email, role } = checked(Person, object)
        return [id, email, role, checked(Status, object).status ?? 'invited']
      },
    })
  })
}

async function peopleOf(client: AdminClient, merchant: string) {
  const path = `/merchants/${pathPart(merchant)}`
  const list = async (of: string) => {
    const page = await client.call({ doing: `list the ${of}`, method: 'GET', path: `${path}/${of}` })
    return checked(Type.Object({ data: Type.Array(Type.Unknown()) }), page).data
  }
  return { members: await list('members'), invited: await list('invitations') }
}

function registerRole(group: Command, session: Session): void {
  addMerchant(
    addChange(group, {
      name: 'set-role',
      about: 'give a member another role in a merchant, and end its sessions',
      example: 'latchkey members set-role bo@example.com --merchant mer_01K8ZX3V9Q --role admin',
    }),
  )
    .argument('<email>', 'who signs in')
    .addOption(memberRole())
    .action(async (email: string, flags: MerchantFlags & ChangeFlags & { readonly role: string }) => {
      const { role, reason } = flags
      const client = session.connect()
      const { id } = await findMember(client, email, flags)
      const path = `/merchants/${pathPart(flags.merchant)}/members/${id}`
      const call = { doing: `change the role of ${email}`, method: 'PATCH', path, body: { role } } as const
      const answer = await client.call({ ...call, reason })
      const render = () => `${printable(email)} is now ${printable(checked(Person, answer).role)}.\n`
      show(session, flags, { answer, render })
    })
}

function memberRole(): Option {
  return new Option('--role <role>', 'what it may do').choices(memberRoles).makeOptionMandatory()
}

async function findMember(
  client: AdminClient,
  email: string,
  { merchant }: { readonly merchant?: string },
): Promise<Person> {
  const { members } = await peopleOf(client, merchant ?? '')
  const [found] = ofAddress(members, email)
  if (found === undefined) throw nobody(email)
  return found
}

function ofAddress(objects: readonly unknown[], email: string): Person[] {
  const address = email.toLowerCase()
  return objects.map((object) => checked(Person, object)).filter((one) => one.email === address)
}

function registerRemove(group: Command, session: Session): void {
  addMerchant(
    addChange(group, {
      name: 'remove',
      about: 'end a membership and its sessions, or an invitation',
      example: 'latchkey members remove --merchant mer_01K8ZX3V9Q --email bo@example.com',
    }),
  )
    .requiredOption('--email <address>', 'who signs in')
    .action(async (flags: MerchantFlags & ChangeFlags & { readonly email: string }) => {
      const client = session.connect()
      const { members, invited } = await peopleOf(client, flags.merchant)
      const found = [
        ...ofAddress(members, flags.email).map(({ id }) => `members/${id}`),
        ...ofAddress(invited, flags.email).map(({ id }) => `invitations/${id}`),
      ]
      if (found.length === 0) throw nobody(flags.email)
      const removed: unknown[] = []
      for (const path of found) {
        const call = { doing: `remove ${flags.email}`, method: 'DELETE', reason: flags.reason } as const
        removed.push(await client.call({ ...call, path: `/merchants/${pathPart(flags.merchant)}/${path}` }))
      }
      const render = () => `${printable(flags.email.toLowerCase())} is removed.\n`
      show(session, flags, { answer: { data: removed }, render })
    })
}

function nobody(email: string): CliError {
  return new CliError(`no member and no invitation has the address ${printable(email)}`, exitCodes.failed, [
    'See `latchkey members list`.',
  ])
}
