// `latchkey clients create`: what a client may ask for, and what it shows itself by.

import { X509Certificate } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { type Command, Option } from 'commander'
import { tlsSubjectKinds } from '../../credentials/certificate.ts'
import { oauthGrantTypes } from '../../credentials/oauth.ts'
import { CliError } from '../errors.ts'
import { exitCodes } from '../exit.ts'
import { addLimits, type LimitFlags, limitsOf } from '../limit-options.ts'
import { addChange, type ChangeFlags, type Session } from '../session.ts'
import { showSecret } from './client-object.ts'

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

/** `clients create`. */
export function registerCreate(group: Command, session: Session): void {
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
