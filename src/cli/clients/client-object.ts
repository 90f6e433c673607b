// A client as the admin API shows it, and as people read it.

import { type Static, Type } from 'typebox'
import { checked, NullableText } from '../admin/admin-objects.ts'
import type { Kind } from '../common-verbs.ts'
import { type OutputFlags, type Session, show } from '../session.ts'
import { type Cell, renderFields } from '../table.ts'

export const ClientObject = Type.Object({
  client_id: Type.String(),
  merchant_id: NullableText,
  api: Type.String(),
  environment: Type.String(),
  name: Type.String(),
  grants: Type.Array(Type.String()),
  redirect_uris: Type.Array(Type.String()),
  permissions: Type.Array(Type.String()),
  auth_method: Type.String(),
  bound: Type.Boolean(),
  status: Type.String(),
  secrets: Type.Array(Type.Object({ last4: Type.String(), expires_at: NullableText })),
})
type ClientObject = Static<typeof ClientObject>

const ClientWithSecret = Type.Intersect([ClientObject, Type.Object({ client_secret: NullableText })])

export const clients: Kind = {
  ...{ noun: 'client', path: '/clients', ids: 'cli_…', example: 'cli_01K8ZX3V9Q' },
  text: (answer, isColoured) => clientText(checked(ClientObject, answer), isColoured),
}

/** Prints a client with the secret that it was given, if it was. */
export function showSecret(session: Session, flags: OutputFlags, answer: unknown): void {
  const render = (isColoured: boolean) => {
    const client = checked(ClientWithSecret, answer)
    const text = clientText(client, isColoured)
    return client.client_secret === null
      ? text
      : `${text}\n${client.client_secret}\nIt is not shown again: the client sends it to the token endpoint.\n`
  }
  show(session, flags, { answer, render })
}

export const clientHeader = ['ID', 'NAME', 'MERCHANT', 'API', 'ENV', 'GRANTS', 'PERMISSIONS', 'STATUS']

/** For a list, under `clientHeader`. */
export function clientRow(object: unknown): Cell[] {
  const client = checked(ClientObject, object)
  return [
    ...[client.client_id, client.name, client.merchant_id ?? 'all', client.api, client.environment],
    ...[client.grants.join(', '), client.permissions.join(', '), client.status],
  ]
}

function clientText(client: ClientObject, isColoured: boolean): string {
  return renderFields(
    [
      ['id', client.client_id],
      ['name', client.name],
      ['merchant', client.merchant_id ?? 'all'],
      ['api', `${client.api} ${client.environment}`],
      ['grants', client.grants.join(', ')],
      ['redirect', client.redirect_uris.join(', ') || '–'],
      ['permissions', client.permissions.join(', ')],
      ['shows itself by', client.auth_method],
      ['bound', client.bound ? 'yes' : 'no'],
      ['status', client.status],
    ],
    isColoured,
  )
}
