// `latchkey clients …`: programs of others that get access tokens.

import type { Command } from 'commander'
import { checked } from '../admin/admin-objects.ts'
import { addCall, addList, addSecretRotation, addShow } from '../common-verbs.ts'
import type { Session } from '../session.ts'
import { ClientObject, clientHeader, clientRow, clients, showSecret } from './client-object.ts'
import { registerCreate } from './create.ts'
import { registerSigningKeys } from './signing-keys.ts'

export function registerClients(program: Command, session: Session): void {
  const group = program
    .command('clients')
    .description('make, list and end programs of others that get access tokens (OAuth 2.0)')
    .addHelpText('after', '\nExample:\n  $ latchkey clients list')
  registerCreate(group, session)
  addList(group, session, { kind: clients, header: clientHeader, rowOf: clientRow })
  addShow(group, session, clients)
  addSecretRotation(group, session, {
    ...{ kind: clients, showSecret },
    about: 'give a client another secret, shown once; both work until the grace ends',
    graceHelp: 'for how long the old secret works, too; 24h unless said',
  })
  registerEnds(group, session)
  registerSigningKeys(program, session)
}

function registerEnds(group: Command, session: Session): void {
  for (const [name, about, done] of [
    ['disable', 'end a client, what people have granted it, and all of its tokens', 'disabled'],
    ['enable', 'let a client ask for tokens again', 'active'],
  ] as const)
    addCall(group, session, {
      ...{ kind: clients, name, about, method: 'POST', below: name, query: { wait: 'all' } },
      render: (answer) => `Client ${checked(ClientObject, answer).client_id} is ${done}.\n`,
    })
}
