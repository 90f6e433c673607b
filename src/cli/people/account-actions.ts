// What is done to an account, of an operator or a member, in the same words for both: each a call of its own path.

import type { Command } from 'commander'
import { type Static, Type } from 'typebox'
import { printable } from '../../errors/printable.ts'
import type { AdminClient } from '../admin/admin-client.ts'
import { checked } from '../admin/admin-objects.ts'
import { addChange, type ChangeFlags, type Session, shortTime, show } from '../session.ts'

const LinkPart = Type.Object({
  link: Type.Union([Type.Object({ url: Type.String(), expires_at: Type.String() }), Type.Null()]),
})

/** What came with an answer: a link, or the word that it was mailed. */
export function linkText(answer: unknown): string {
  const { link } = checked(LinkPart, answer)
  if (link === null) return 'The link was sent by mail.\n'
  return `${printable(link.url)}\nIt works once, until ${shortTime(link.expires_at)}, and is not shown again.\n`
}

const Id = Type.Object({ id: Type.String() })

interface Accounts {
  /** `operators`: of the command and of the path. */
  readonly of: 'operators' | 'members'
  /** What goes before the address in the example. */
  readonly example: string
  /** The account of an address. Throws CliError. */
  find(client: AdminClient, email: string, flags: AccountFlags): Promise<Static<typeof Id>>
}

/** `dress` may ask for a merchant. */
export interface AccountFlags extends ChangeFlags {
  readonly merchant?: string
}

const actions = {
  disable: { about: 'keep somebody from signing in, and end its sessions', done: 'is disabled' },
  enable: { about: 'let somebody who was disabled sign in again', done: 'may sign in again' },
  'reset-factors': {
    about: 'take second factor, passkeys and identity providers away, and end all sessions',
    done: 'signs in by password alone from now on, and is signed out everywhere',
  },
} as const

/** Adds `disable`, `enable`, `reset-factors` and `link`; `dress` adds what says whose account it is. */
export function addAccountActions(
  group: Command,
  session: Session,
  accounts: Accounts & { dress(verb: Command): Command },
): void {
  const { of, example, dress } = accounts
  const verbOf = (name: string, about: string) =>
    dress(
      addChange(group, { name, about, example: `latchkey ${of} ${name} ${example}ann@example.com` }),
    ).argument('<email>', 'who signs in')
  const call = async (email: string, name: string, flags: AccountFlags) => {
    const client = session.connect()
    const { id } = await accounts.find(client, email, flags)
    const asked = { doing: `${name} ${email}`, method: 'POST', path: `/${of}/${id}/${name}` } as const
    return client.call({ ...asked, reason: flags.reason })
  }
  for (const [name, { about, done }] of Object.entries(actions)) {
    verbOf(name, about).action(async (email: string, flags: AccountFlags) => {
      const answer = await call(email, name, flags)
      show(session, flags, { answer, render: () => `${printable(email)} ${done}.\n` })
    })
  }
  verbOf('link', 'another link that sets a password, once, within 24 hours; those before it end').action(
    async (email: string, flags: AccountFlags) => {
      const answer = await call(email, 'link', flags)
      show(session, flags, { answer, render: () => linkText(answer) })
    },
  )
}
