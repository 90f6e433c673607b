// `latchkey clients …`: programs of others that get access tokens; and `latchkey oauth keys rotate`.

import { X509Certificate } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { type Command, Option } from 'commander'
import { type Static, Type } from 'typebox'
import { tlsSubjectKinds } from '../credentials/certificate.ts'
import { oauthGrantTypes } from '../credentials/oauth.ts'
import { pathPart } from './admin-call.ts'
import { checked, NullableText } from './admin-objects.ts'
import { parseGrace } from './duration.ts'
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
import { addLimits, type LimitFlags, limitsOf } from './limit-options.ts'
import { type Cell, renderFields } from './table.ts'

const ClientObject = Type.Object({
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

export function registerClients(program: Command, session: Session): void {
  const group = program
    .command('clients')
    .description('make, list and end programs of others that get access tokens (OAuth 2.0)')
    .addHelpText('after', '\nExample:\n  $ latchkey clients list')
  registerCreate(group, session)
  registerReads(group, session)
  registerChanges(group, session)
  registerKeys(program, session)
}

interface CreateFlags extends ChangeFlags, LimitFlags {
  readonly name: string
  readonly merchant?: string
  readonly allMerchants?: true
  readonly api?: string
  readonly env?: string
  readonly redirectUri?: string[]
  readonly grant: string[]
  readonly permission: string[]
  readonly jwks?: string
  readonly jwksUri?: string
  readonly certificate?: string[]
  readonly tlsSubject?: string
  readonly bound?: true
}

function registerCreate(group: Command, session: Session): void {
  const verb = addChange(group, {
    name: 'create',
    about: 'make a client; its secret is shown once',
    example:
      'latchkey clients create --name Books --merchant mer_01K8ZX3V9Q --redirect-uri https://books.example/back --grant code --permission document.read',
  })
    .requiredOption('--name <name>', 'what people read who are asked to grant')
    .option('--merchant <id>', 'for this merchant alone, mer_…')
    .option('--all-merchants', 'whoever grants chooses the merchant')
    .option('--api <name>', 'that its tokens are for; the one that takes tokens unless said')
    .option('--env <name>', 'the environment of its tokens; the first of the API unless said')
    .option('--redirect-uri <uri...>', 'where people are sent back to, to the letter')
    .addOption(
      new Option('--grant <type...>', 'how it gets tokens').choices(oauthGrantTypes).makeOptionMandatory(),
    )
    .requiredOption('--permission <name...>', 'that it may ask for at most; * for all')
    .option('--jwks <file>', 'public keys that it shows itself by (private_key_jwt), instead of a secret')
    .option('--jwks-uri <url>', 'where it publishes its public keys, instead of --jwks')
    .option('--certificate <file...>', 'certificates (PEM) that it shows itself by, each by itself')
    .option(
      '--tls-subject <kind=name>',
      'the name in the certificate that it shows itself by, issued by control.client_ca: subject_dn=CN=a,O=b, san_dns=…, san_uri=…, san_ip=…, san_email=…',
    )
    .option('--bound', 'its tokens are bound to a key of its own (DPoP), or to its certificate')
  addLimits(verb).action(async (flags: CreateFlags) => {
    const call = {
      doing: 'create the client',
      method: 'POST',
      path: '/clients',
      body: bodyOf(flags),
    } as const
    const answer = await session.connect().call({ ...call, reason: flags.reason })
    showSecret(session, flags, answer)
  })
}

function bodyOf(flags: CreateFlags): Readonly<Record<string, unknown>> {
  const { name, merchant, allMerchants, api, env, redirectUri, grant, permission, bound } = flags
  if ((merchant !== undefined) === (allMerchants === true))
    throw new CliError('say either --merchant or --all-merchants', exitCodes.usage)
  return {
    ...{ name, merchant_id: merchant ?? null, grants: [...new Set(grant)], permissions: permission },
    ...(api !== undefined && { api }),
    ...(env !== undefined && { environment: env }),
    ...(redirectUri !== undefined && { redirect_uris: redirectUri }),
    ...keysOf(flags),
    ...(bound === true && { bound }),
    ...limitsOf(flags),
  }
}

function keysOf({ jwks, jwksUri, certificate, tlsSubject }: CreateFlags): object {
  const ways = [jwks, jwksUri, certificate, tlsSubject].filter((one) => one !== undefined)
  if (ways.length > 1)
    throw new CliError('say one of --jwks, --jwks-uri, --certificate and --tls-subject', exitCodes.usage)
  if (certificate !== undefined)
    return { auth_method: 'self_signed_tls_client_auth', jwks: { keys: certificate.map(readCertificate) } }
  if (tlsSubject !== undefined) return { auth_method: 'tls_client_auth', tls_subject: subjectOf(tlsSubject) }
  if (jwks === undefined && jwksUri === undefined) return {}
  return {
    auth_method: 'private_key_jwt',
    ...(jwks !== undefined && { jwks: readJwks(jwks) }),
    ...(jwksUri !== undefined && { jwks_uri: jwksUri }),
  }
}

function subjectOf(text: string): object {
  const at = text.indexOf('=')
  const kind = text.slice(0, Math.max(0, at))
  if (!tlsSubjectKinds.some((one) => one === kind) || at === text.length - 1)
    throw new CliError(
      `--tls-subject must be one of ${tlsSubjectKinds.join(', ')}, = and the name`,
      exitCodes.usage,
    )
  return { [kind]: text.slice(at + 1) }
}

function readCertificate(file: string): object {
  try {
    const certificate = new X509Certificate(readFileSync(file))
    const key = certificate.publicKey.export({ format: 'jwk' })
    return { ...key, x5c: [certificate.raw.toString('base64')] }
  } catch (error) {
    throw new CliError(
      `${file} cannot be read as a certificate: ${error instanceof Error ? error.message : ''}`,
      exitCodes.usage,
    )
  }
}

function readJwks(file: string): unknown {
  try {
    const jwks: unknown = JSON.parse(readFileSync(file, 'utf8'))
    return jwks
  } catch (error) {
    throw new CliError(
      `${file} cannot be read as JSON: ${error instanceof Error ? error.message : ''}`,
      exitCodes.usage,
    )
  }
}

function showSecret(session: Session, flags: OutputFlags, answer: unknown): void {
  const render = (isColoured: boolean) => {
    const client = checked(ClientWithSecret, answer)
    const text = clientText(client, isColoured)
    return client.client_secret === null
      ? text
      : `${text}\n${client.client_secret}\nIt is not shown again: the client sends it to the token endpoint.\n`
  }
  show(session, flags, { answer, render })
}

interface ListFlags extends OutputFlags {
  readonly merchant?: string
}

function registerReads(group: Command, session: Session): void {
  addVerb(group, { name: 'list', about: 'list clients, newest first', example: 'latchkey clients list' })
    .option('--merchant <id>', 'of this merchant alone, mer_…')
    .action(async (flags: ListFlags) => {
      const call = { doing: 'list clients', path: '/clients', query: { merchant_id: flags.merchant } }
      const answer = await session.connect().list(call)
      const header = ['ID', 'NAME', 'MERCHANT', 'API', 'ENV', 'GRANTS', 'PERMISSIONS', 'STATUS']
      showRows(session, flags, { answer, header, rowOf: (one) => clientRow(checked(ClientObject, one)) })
    })
  addVerb(group, { name: 'show', about: 'show a client', example: 'latchkey clients show cli_01K8ZX3V9Q' })
    .argument('<id>', 'client, cli_…')
    .action(async (id: string, flags: OutputFlags) => {
      const answer = await session
        .connect()
        .call({ doing: `show client ${id}`, method: 'GET', path: `/clients/${pathPart(id)}` })
      show(session, flags, {
        answer,
        render: (isColoured) => clientText(checked(ClientObject, answer), isColoured),
      })
    })
}

interface RotateFlags extends ChangeFlags {
  readonly grace?: number
}

function registerChanges(group: Command, session: Session): void {
  addChange(group, {
    name: 'rotate-secret',
    about: 'give a client another secret, shown once; both work until the grace ends',
    example: 'latchkey clients rotate-secret cli_01K8ZX3V9Q --grace 24h',
  })
    .argument('<id>', 'client, cli_…')
    .option('--grace <duration>', 'for how long the old secret works, too; 24h unless said', parseGrace)
    .action(async (id: string, flags: RotateFlags) => {
      const body = flags.grace === undefined ? {} : { grace_seconds: flags.grace }
      const path = `/clients/${pathPart(id)}/rotate-secret`
      const call = { doing: `rotate the secret of client ${id}`, method: 'POST', path, body } as const
      showSecret(session, flags, await session.connect().call({ ...call, reason: flags.reason }))
    })
  for (const [name, about, done] of [
    ['disable', 'end a client, what people have granted it, and all of its tokens', 'disabled'],
    ['enable', 'let a client ask for tokens again', 'active'],
  ] as const) {
    addChange(group, { name, about, example: `latchkey clients ${name} cli_01K8ZX3V9Q` })
      .argument('<id>', 'client, cli_…')
      .action(async (id: string, flags: ChangeFlags) => {
        const path = `/clients/${pathPart(id)}/${name}`
        const call = { doing: `${name} client ${id}`, method: 'POST', path, query: { wait: 'all' } } as const
        const answer = await session.connect().call({ ...call, reason: flags.reason })
        show(session, flags, {
          answer,
          render: () => `Client ${checked(ClientObject, answer).client_id} is ${done}.\n`,
        })
      })
  }
}

const RotatedKey = Type.Object({ kid: Type.String(), used_from: Type.String() })

function registerKeys(program: Command, session: Session): void {
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

function clientRow(client: ClientObject): Cell[] {
  return [
    ...[client.client_id, client.name, client.merchant_id ?? 'all', client.api, client.environment],
    ...[client.grants.join(', '), client.permissions.join(', '), client.status],
  ]
}
