// `latchkey oauth keys rotate`: the keys that the authorization server signs with.

import type { Command } from 'commander'
import { Type } from 'typebox'
import { checked } from '../admin/admin-objects.ts'
import { addChange, type ChangeFlags, type Session, shortTime, show } from '../session.ts'

const RotatedKey = Type.Object({ kid: Type.String(), used_from: Type.String() })

/** `oauth keys rotate`. */
export function registerSigningKeys(program: Command, session: Session): void {
  const keys = program
    .command('oauth')
    .description('the authorization server itself')
    .addHelpText('after', '\nExample:\n  $ latchkey oauth keys rotate')
    .command('keys')
    .description('the keys that it signs with')
    .addHelpText('after', '\nExample:\n  $ latchkey oauth keys rotate')
  addChange(keys, {
    name: 'rotate',
    about:
      'make another key; it is published now, signs in five minutes, and the one before stays published for a day',
    example: 'latchkey oauth keys rotate',
  }).action(async (flags: ChangeFlags) => {
    const call = { doing: 'rotate the keys', method: 'POST', path: '/oauth/keys/rotate' } as const
    const answer = await session.connect().call({ ...call, reason: flags.reason })
    const render = () => {
      const { kid, used_from: from } = checked(RotatedKey, answer)
      return `Key ${kid} signs from ${shortTime(from)} on.\n`
    }
    show(session, flags, { answer, render })
  })
}
