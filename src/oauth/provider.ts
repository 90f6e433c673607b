// One oidc-provider: made anew where its keys or the permission table are others, as it takes both once.

import { randomBytes } from 'node:crypto'
import { EventEmitter } from 'node:events'
import {
  type AccessToken,
  type Client,
  type ClientCredentials,
  errors,
  type KoaContextWithOIDC,
  Provider,
} from 'oidc-provider'
import type { Table } from '../config/compiled.ts'
import { isClientSecret } from '../store/oauth/oauth-client-table.ts'
import { answered } from './adapter.ts'
import { type SettleDeps, settleRevocation } from './applied.ts'
import { askedScope, type ConfigurationDeps, configurationOf, scopeOf } from './configuration.ts'
import { isFromFuture } from './jwt-times.ts'
import { tidyAnswer } from './tidy-answer.ts'
import { digestOfText, newTokenText } from './token-text.ts'
import { commitUnit } from './token-unit.ts'

export interface ProviderDeps extends Omit<ConfigurationDeps, 'stand'>, SettleDeps {
  readonly issuer: string
  /** Below which the browser asks for what it is to grant: the path of the cookie that says it was here. */
  interactionPath(interactionId: string): string
  /** Where people type the code that a program shows. */
  readonly devicePage: string
  /** What failed inside, for the log. */
  failed(error: unknown): void
}

export function createProvider(deps: ProviderDeps): Provider {
  // Nobody's secret: what is compared is a digest, below.
  const stand = randomBytes(32).toString('base64url')
  const provider = new Provider(deps.issuer, configurationOf({ ...deps, stand }))
  // Its addresses are made of what is public, whatever was asked: see server.ts.
  provider.proxy = true
  provider.on('server_error', (_context, error: unknown) => deps.failed(error))
  // Koa writes to the console where nobody listens.
  EventEmitter.prototype.on.call(provider, 'error', deps.failed)
  provider.use((context, next) => tidyAnswer(deps, context, next))
  provider.use((context, next) => refuseFutureProof(deps, context, next))
  provider.use((context, next) => commitUnit(deps, context, next))
  provider.use((context, next) => settleRevocation(deps, context, next))
  compareDigests(provider, deps)
  makeTokensAsKeys(provider, deps.table)
  return provider
}

/** oidc-provider takes proofs that are of the next five minutes. */
async function refuseFutureProof(
  { now }: ProviderDeps,
  context: Pick<KoaContextWithOIDC, 'get' | 'status' | 'body'>,
  next: () => Promise<unknown>,
): Promise<void> {
  if (!isFromFuture(context.get('DPoP'), now())) return void (await next())
  context.status = 400
  context.body = { error: 'invalid_dpop_proof', error_description: 'the proof is of the future' }
}

/** Secrets by their digests; addresses of programs to the letter, ports included. */
function compareDigests(provider: Provider, { db }: ProviderDeps): void {
  Object.assign(provider.Client.prototype, {
    async compareClientSecret(this: Client, presented: string): Promise<boolean> {
      return answered(isClientSecret(db, this.clientId, digestOfText(presented)))
    },
    redirectUriAllowed(this: Client, uri: string): boolean {
      return this.redirectUris?.includes(uri) === true
    },
  })
}

/** A token has the form of a key of its environment; one that is of a client alone has all that it may ask for unless it says less. */
function makeTokensAsKeys(
  { AccessToken: ofPeople, ClientCredentials: ofClients }: Provider,
  table: Table,
): void {
  function generateTokenId(this: AccessToken | ClientCredentials): string {
    Object.assign(this, { format: 'opaque' })
    return newTokenText(prefixOf(table, this.client))
  }
  const { save } = ofClients.prototype
  const { save: saveOfPerson } = ofPeople.prototype
  Object.assign(ofPeople.prototype, {
    generateTokenId,
    /** The client may be allowed less by now than it was granted. */
    async save(this: AccessToken): Promise<string> {
      scopeOf(scopeSent(), this.client?.scope ?? '')
      this.scope = sharedScope(this.scope ?? '', this.client?.scope ?? '')
      return saveOfPerson.call(this)
    },
  })
  Object.assign(ofClients.prototype, {
    generateTokenId,
    async save(this: ClientCredentials): Promise<string> {
      this.scope = scopeOf(scopeSent(), this.client?.scope ?? '')
      return save.call(this)
    },
  })
}

/** With the request that is being answered. */
function scopeSent(): string {
  return Provider.ctx === undefined ? '' : askedScope(Provider.ctx)
}

function sharedScope(granted: string, allowed: string): string {
  const may = new Set(allowed.split(' '))
  const shared = granted.split(' ').filter((name) => may.has(name))
  if (shared.length === 0)
    throw new errors.InvalidGrant('the client may do nothing of what was granted any more')
  return shared.join(' ')
}

function prefixOf(table: Table, client: Client | undefined): string {
  const api = table.apis.get(String(client?.['latchkey_api']))
  const environment = api?.environments.find(({ name }) => name === client?.['latchkey_environment'])
  if (environment === undefined) throw new Error('the client is of no environment that there is')
  return environment.prefix
}
