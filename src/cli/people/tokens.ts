// `latchkey tokens …`: tokens of the admin API with a role, for people and machines that need not be able to do everything.

import type { Command } from 'commander'
import { type Static, Type } from 'typebox'
import { pathPart } from '../admin/admin-call.ts'
import { checked, NullableText } from '../admin/admin-objects.ts'
import { parseLifetime } from '../duration.ts'
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
import { type Cell, renderFields } from '../table.ts'

const TokenObject = Type.Object({
  id: Type.String(),
  name: Type.String(),
  role: Type.String(),
  merchant_id: NullableText,
  api: NullableText,
  last4: Type.String(),
  created_at: Type.String(),
  created_by: Type.String(),
  expires_at: NullableText,
  last_used_at: NullableText,
})
type TokenObject = Static<typeof TokenObject>

const TokenWithSecret = Type.Intersect([TokenObject, Type.Object({ secret: Type.String() })])

const partHelp = `${rolesHelp}

With --merchant or --api the token sees that one alone, and nothing that concerns the whole installation.`

export function registerTokens(program: Command, session: Session): void {
  const group = program
    .command('tokens')
    .description('make, list and revoke tokens of the admin API')
    .addHelpText('after', '\nExample:\n  $ latchkey tokens list')
  registerCreate(group, session)
  registerList(group, session)
  registerRevoke(group, session)
}

interface CreateFlags extends ChangeFlags {
  readonly name: string
  readonly role: string
  readonly merchant?: string
  readonly api?: string
  readonly expiresIn?: number
}

function registerCreate(group: Command, session: Session): void {
  addChange(group, {
    name: 'create',
    about: 'make a token; it is shown once',
    example: 'latchkey tokens create --name night-desk --role support --expires-in 90d',
  })
    .requiredOption('--name <name>', 'who acts, in the audit')
    .addOption(roleOption().makeOptionMandatory())
    .option('--merchant <id>', 'for this merchant alone, mer_…')
    .option('--api <name>', 'for this API alone')
    .option('--expires-in <duration>', 'for how long it works, such as 12h or 90d', parseLifetime)
    .addHelpText('after', partHelp)
    .action(async (flags: CreateFlags) => {
      const body = {
        ...{ name: flags.name, role: flags.role },
        ...(flags.merchant !== undefined && { merchant_id: flags.merchant }),
        ...(flags.api !== undefined && { api: flags.api }),
        ...(flags.expiresIn !== undefined && {
          expires_at: new Date(session.now() + flags.expiresIn * 1000).toISOString(),
        }),
      }
      const answer = await session
        .connect()
        .call({ doing: 'create the token', method: 'POST', path: '/tokens', body, reason: flags.reason })
      const render = (isColoured: boolean) => {
        const token = checked(TokenWithSecret, answer)
        return `${tokenText(token, isColoured)}\n${token.secret}\nIt is not shown again. LATCHKEY_ADMIN_TOKEN takes it.\n`
      }
      show(session, flags, { answer, render })
    })
}

function registerList(group: Command, session: Session): void {
  addVerb(group, {
    name: 'list',
    about: 'list the tokens that are not revoked, newest first',
    example: 'latchkey tokens list',
  }).action(async (flags: OutputFlags) => {
    const answer = await session.connect().list({ doing: 'list tokens', path: '/tokens' })
    const header = ['ID', 'NAME', 'ROLE', 'MERCHANT', 'API', 'LAST 4', 'LAST USED', 'EXPIRES']
    showRows(session, flags, { answer, header, rowOf: (one) => tokenRow(checked(TokenObject, one)) })
  })
}

function registerRevoke(group: Command, session: Session): void {
  addChange(group, {
    name: 'revoke',
    about: 'end a token, on every instance at once',
    example: 'latchkey tokens revoke tok_01K8ZX3V9Q',
  })
    .argument('<id>', 'token, tok_…')
    .action(async (id: string, flags: ChangeFlags) => {
      const path = `/tokens/${pathPart(id)}`
      const call = { doing: `revoke token ${id}`, method: 'DELETE', path, reason: flags.reason } as const
      const answer = await session.connect().call(call)
      show(session, flags, { answer, render: () => `Token ${checked(TokenObject, answer).id} is revoked.\n` })
    })
}

function tokenText(token: TokenObject, isColoured: boolean): string {
  return renderFields(
    [
      ['id', token.id],
      ['name', token.name],
      ['role', token.role],
      ['merchant', token.merchant_id ?? 'all'],
      ['api', token.api ?? 'all'],
      ['expires', shortTime(token.expires_at)],
    ],
    isColoured,
  )
}

function tokenRow(token: TokenObject): Cell[] {
  return [
    ...[token.id, token.name, token.role, token.merchant_id ?? 'all', token.api ?? 'all', token.last4],
    ...[shortTime(token.last_used_at), shortTime(token.expires_at)],
  ]
}
