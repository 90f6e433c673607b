// `latchkey sessions …`: where somebody is signed in, in browsers and on command lines, and the end of it.

import type { Command } from 'commander'
import { type Static, Type } from 'typebox'
import { printable } from '../../errors/printable.ts'
import { pathPart } from '../admin/admin-call.ts'
import { checked, NullableText } from '../admin/admin-objects.ts'
import { CliError } from '../errors.ts'
import { exitCodes } from '../exit.ts'
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

const SessionObject = Type.Object({
  id: Type.String(),
  created_at: Type.String(),
  last_used_at: Type.String(),
  expires_at: Type.String(),
  client: NullableText,
  user_agent: NullableText,
})
const Ended = Type.Object({ ended: Type.Integer() })

export function registerSessions(program: Command, session: Session): void {
  const group = program
    .command('sessions')
    .description('where somebody is signed in at the hub and on command lines, and the end of it')
    .addHelpText('after', '\nExample:\n  $ latchkey sessions list ann@example.com')
  registerList(group, session)
  registerEnd(group, session)
}

function registerList(group: Command, session: Session): void {
  addVerb(group, {
    name: 'list',
    about: 'list the sessions of an operator or member, the one used last first',
    example: 'latchkey sessions list ann@example.com',
  })
    .argument('<email>', 'who signs in')
    .action(async (email: string, flags: OutputFlags) => {
      const call = { doing: `list the sessions of ${email}`, method: 'GET', path: '/sessions' } as const
      const answer = checked(
        Type.Object({ data: Type.Array(SessionObject) }),
        await session.connect().call({ ...call, query: { email } }),
      )
      showRows(session, flags, {
        answer,
        header: ['ID', 'SINCE', 'LAST USED', 'ENDS', 'FROM', 'BY'],
        rowOf: (object) => rowOf(checked(SessionObject, object)),
      })
    })
}

function rowOf(one: Static<typeof SessionObject>): string[] {
  return [
    ...[one.id, shortTime(one.created_at), shortTime(one.last_used_at), shortTime(one.expires_at)],
    ...[one.client ?? '-', one.user_agent ?? '-'],
  ]
}

function registerEnd(group: Command, session: Session): void {
  addChange(group, {
    name: 'end',
    about: 'end a session, or sign somebody out everywhere',
    example: 'latchkey sessions end --email ann@example.com --reason "laptop lost"',
  })
    .argument('[id]', 'session, ses_…')
    .option('--email <address>', 'all sessions of whoever signs in by it')
    .action(async (id: string | undefined, flags: ChangeFlags & { readonly email?: string }) => {
      const { email, reason } = flags
      if ((id === undefined) === (email === undefined))
        throw new CliError('say either the id of a session or --email', exitCodes.usage)
      const answer = await session.connect().call({
        ...{ doing: id === undefined ? `sign ${email} out` : `end session ${id}`, method: 'DELETE', reason },
        ...(id === undefined
          ? { path: '/sessions', body: { email } }
          : { path: `/sessions/${pathPart(id)}` }),
      })
      const render = () => {
        const { ended } = checked(Ended, answer)
        if (id !== undefined) return `Session ${printable(id)} has ended.\n`
        return `${ended === 1 ? '1 session has' : `${ended} sessions have`} ended.\n`
      }
      show(session, flags, { answer, render })
    })
}
