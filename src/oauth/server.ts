// The authorization server (contract 10): OAuth 2.0 by oidc-provider, its state in Postgres, its tokens credential records.
// It knows no session and no page: who is signed in, and what that one grants, the control plane tells it. It must not know the gateway.

import type { X509Certificate } from 'node:crypto'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Provider } from 'oidc-provider'
import type { Table } from '../config/compiled.ts'
import type { Change } from '../store/change-table.ts'
import type { Queryable } from '../store/postgres.ts'
import { StoreUnavailableError } from '../store/postgres-errors.ts'
import type { AccessTokenStore } from './access-tokens.ts'
import { applied, type SettleDeps } from './applied.ts'
import { type ClientKeySetDeps, createClientKeySets } from './client-key-sets.ts'
import { textOf } from './configuration.ts'
import { endGrantWithin, inOneGo } from './end-grant.ts'
import { type MutualTls, noteCertificate } from './mutual-tls.ts'
import { consentPath, interactionPath, oauthPath } from './paths.ts'
import { createProvider } from './provider.ts'
import { createKeyRing, type KeyRingDeps, type ServerKeys } from './server-keys.ts'
import { writeWithin } from './token-unit.ts'

export interface OauthServerDeps extends KeyRingDeps, SettleDeps {
  /** Where the control plane is reached: scheme, host and port. */
  readonly publicUrl: string
  /** Stands before the paths of the hub, where a proxy takes it away; mostly empty. */
  readonly hubPrefix: string
  /** The table in force. */
  table(): Table
  readonly tokens: AccessTokenStore
  newId(prefix: 'atk'): string
  /** Spreads a change after its commit, and resolves with whether all instances have applied it. Never rejects. */
  spread(change: Change): Promise<boolean>
  failed(error: unknown): void
  readonly mutualTls: MutualTls
  /** Wall-clock milliseconds. */
  now(): number
  /** See ClientKeySetDeps. */
  fetch: ClientKeySetDeps['fetch']
}

export interface Exchange {
  readonly request: IncomingMessage
  /** Address that it comes from; undefined: that of the connection. */
  readonly client?: string | undefined
  /** That it has shown; undefined: none. */
  readonly certificate?: X509Certificate | undefined
  readonly response: ServerResponse
}

/** What somebody is asked to grant. */
export interface Interaction {
  readonly clientId: string
  readonly permissions: readonly string[]
  readonly redirectUri: string
  /** Decides it, within the caller's transaction: with what is granted, or not at all. Resolves with where the browser goes on. */
  decide(tx: Queryable, decision: Decision): Promise<string>
}

export type Decision =
  | { readonly kind: 'granted'; readonly personId: string; readonly grantId: string }
  | { readonly kind: 'declined' }

export interface OauthServer {
  /** Resolves once it can answer. Throws StoreUnavailableError. */
  prepare(): Promise<void>
  /** Answers a request below /oauth, or for its metadata; `path` is what stands behind /oauth. */
  handle(exchange: Exchange, path: string): Promise<void>
  /** What is under way in this browser by that id; undefined: nothing. Throws StoreUnavailableError. */
  interaction(exchange: Exchange, id: string): Promise<Interaction | undefined>
}

export function createOauthServer(deps: OauthServerDeps): OauthServer {
  const ring = createKeyRing(deps)
  const keySets = createClientKeySets(deps)
  const { db, tokens, spread } = deps
  const endGrant = inOneGo(async (id) => {
    await applied(spread, await db.transaction((tx) => endGrantWithin(tx, tokens, id)))
  })
  let made: { readonly provider: Provider; readonly keys: ServerKeys; readonly table: Table } | undefined

  async function current(): Promise<Provider> {
    const keys = await ring.current()
    const table = deps.table()
    if (made?.keys !== keys || made.table !== table)
      made = {
        ...{ keys, table },
        provider: createProvider({
          ...{ ...deps, keys, keySets, table, endGrant },
          consentPath: (id) => deps.hubPrefix + consentPath(id),
          interactionPath: (id) => deps.hubPrefix + interactionPath(id),
          issuer: `${deps.publicUrl}${oauthPath}`,
          devicePage: `${deps.publicUrl}${deps.hubPrefix}/device`,
        }),
      }
    return made.provider
  }

  async function underWay({ request, response }: Exchange, id: string) {
    const provider = await current()
    try {
      const found = await provider.interactionDetails(request, response)
      return found.uid === id ? found : undefined
    } catch (error) {
      if (error instanceof Error && error.name === 'SessionNotFound') return undefined
      throw error
    }
  }

  return {
    async prepare() {
      await current()
    },
    async handle({ request, response, client, certificate }, path) {
      const provider = await current()
      noteCertificate(request, certificate)
      asPublic({ request, client }, deps.publicUrl, path)
      await provider.callback()(request, response)
    },
    async interaction(exchange, id) {
      const found = await asItIs(underWay(exchange, id))
      return found && interactionOf(found)
    },
  }
}

/** To the hub a store that cannot be asked is one, not what a client is answered then. */
async function asItIs<T>(work: Promise<T>): Promise<T> {
  try {
    return await work
  } catch (error) {
    throw error instanceof Error && error.cause instanceof StoreUnavailableError ? error.cause : error
  }
}

function resultOf(decision: Decision) {
  if (decision.kind === 'declined')
    return { error: 'access_denied', error_description: 'the access was not granted' }
  const { personId, grantId } = decision
  return { login: { accountId: personId, remember: false }, consent: { grantId } }
}

type UnderWay = Awaited<ReturnType<Provider['interactionDetails']>>

function interactionOf(found: UnderWay): Interaction {
  const { client_id: clientId, scope, redirect_uri: redirectUri } = found.params
  return {
    ...{ clientId: textOf(clientId), redirectUri: textOf(redirectUri) },
    permissions: textOf(scope).split(' ').filter(Boolean),
    async decide(tx, decision) {
      found.result = resultOf(decision)
      await asItIs(writeWithin(tx, () => found.persist()))
      return found.returnTo
    },
  }
}

/** oidc-provider makes addresses of what was asked: it is asked by the public name, whatever the client or a proxy says. */
function asPublic(
  { request, client }: Pick<Exchange, 'request' | 'client'>,
  publicUrl: string,
  path: string,
): void {
  const { protocol, host } = new URL(publicUrl)
  Object.assign(request.headers, {
    host,
    'x-forwarded-host': host,
    'x-forwarded-proto': protocol.slice(0, -1),
  })
  if (client === undefined) delete request.headers['x-forwarded-for']
  else request.headers['x-forwarded-for'] = client
  // What it would take for somebody's session: there is none.
  const { cookie } = request.headers
  if (cookie !== undefined)
    request.headers.cookie = cookie
      .split(/; */)
      .filter((one) => !one.startsWith('latchkey-oauth'))
      .join('; ')
  Object.assign(request, { originalUrl: `${oauthPath}${path}`, url: path })
}
