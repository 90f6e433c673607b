// Where oidc-provider keeps what it must not forget. It hands over the very texts that clients hold as the ids of rows: here
// they become digests, and what stands behind one is sealed with the text itself, so that the database alone opens nothing.

import { type Adapter, type AdapterPayload, errors, Provider } from 'oidc-provider'
import type { Table } from '../config/compiled.ts'
import { boundToCertificate, certificateOf } from '../credentials/record.ts'
import { createSealing } from '../credentials/sealing.ts'
import type { Change } from '../store/change-table.ts'
import {
  consumeArtifact,
  dropArtifact,
  findArtifact,
  grantOfArtifact,
  keepArtifact,
  keepOnce,
} from '../store/oauth/oauth-artifact-table.ts'
import { findActiveClient, lockActiveClient } from '../store/oauth/oauth-client-table.ts'
import { findGrant, lockUsableGrant, prolongGrant } from '../store/oauth/oauth-grant-table.ts'
import type { Postgres, Queryable } from '../store/postgres.ts'
import { StoreUnavailableError } from '../store/postgres-errors.ts'
import {
  type AccessTokenStore,
  type ClientReach,
  type FoundAccessToken,
  GrantEndedError,
  issueWithin,
  type TokenRequest,
} from './access-tokens.ts'
import { applied, isRevocation, unavailable } from './applied.ts'
import type { ClientKeySets } from './client-key-sets.ts'
import { metadataOf, permissionsOfClient } from './client-metadata.ts'
import { answeredDevice, keepDevice } from './device-codes.ts'
import { isFromFuture } from './jwt-times.ts'
import { digestOfText } from './token-text.ts'
import { UsedBeforeError, writeInUnit } from './token-unit.ts'

export interface AdapterDeps {
  readonly db: Postgres
  readonly tokens: AccessTokenStore
  readonly table: Table
  newId(prefix: 'atk'): string
  /** Spreads a change after its commit, and resolves with whether all instances have applied it. Never rejects. */
  spread(change: Change): Promise<boolean>
  /** Ends a grant with all that hangs on it, everywhere. */
  endGrant(id: string): Promise<void>
  readonly keySets: ClientKeySets
  /** Wall-clock milliseconds. */
  now(): number
  /** Stands where secrets would. */
  readonly stand: string
}

/** The one for a model of oidc-provider's, by its name. */
export function createAdapter(deps: AdapterDeps, model: string): Adapter {
  const adapter = adapterOf(deps, model)
  return {
    upsert: (id, payload, seconds) => answered(adapter.upsert(id, payload, seconds)),
    find: (id) => answered(adapter.find(id)),
    findByUid: (uid) => answered(adapter.findByUid(uid)),
    findByUserCode: (code) => answered(adapter.findByUserCode(code)),
    consume: (id) => answered(adapter.consume(id)),
    destroy: (id) => answered(adapter.destroy(id)),
    revokeByGrantId: (id) => answered(adapter.revokeByGrantId(id)),
  }
}

function adapterOf(deps: AdapterDeps, model: string): Adapter {
  if (model === 'Client') return { ...nothing, find: (id) => findMetadata(deps, id) }
  if (model === 'Grant') return { ...nothing, ...grants(deps) }
  if (model === 'AccessToken' || model === 'ClientCredentials') return { ...nothing, ...accessTokens(deps) }
  // Who is signed in is the hub's to say, each time anew.
  if (model === 'Session') return { ...nothing, upsert: async () => undefined }
  return { ...nothing, ...artifacts(deps, model) }
}

const refuse = () => Promise.reject(new Error('nothing is kept in this way'))
const nothing: Adapter = {
  upsert: refuse,
  find: async () => undefined,
  findByUid: async () => undefined,
  findByUserCode: async () => undefined,
  consume: refuse,
  destroy: async () => undefined,
  revokeByGrantId: async () => undefined,
}

/** Where Postgres cannot be asked the client may come again. */
export async function answered<T>(work: Promise<T>): Promise<T> {
  try {
    return await work
  } catch (error) {
    if (!(error instanceof StoreUnavailableError)) throw error
    throw unavailable(error)
  }
}

async function findMetadata(
  { db, table, stand, keySets, now }: AdapterDeps,
  id: string,
): Promise<AdapterPayload | undefined> {
  if (!/^cli_[0-9A-Z]{10,40}$/.test(id)) return undefined
  const assertion = assertionShown()
  if (assertion !== undefined && isFromFuture(assertion, now()))
    throw new errors.InvalidClientAuth('the assertion is of the future')
  const client = await findActiveClient(db, id)
  if (client === undefined) return undefined
  const { jwksUri } = client
  const shown = jwksUri === null || assertion === undefined ? undefined : kidOf(assertion)
  const keys = jwksUri === null || shown === undefined ? undefined : await keySets.of(jwksUri, shown.kid)
  return metadataOf(client, table.apis.get(client.api), { stand, keys })
}

/** By which the request that is being answered shows whose it is (RFC 7523); undefined: by none. */
function assertionShown(): string | undefined {
  const assertion = Provider.ctx?.oidc.body?.['client_assertion']
  return typeof assertion === 'string' ? assertion : undefined
}

/** Of the key that it says it is signed with. */
function kidOf(assertion: string): { readonly kid: string | undefined } {
  try {
    const [header = ''] = assertion.split('.')
    const { kid }: { kid?: unknown } = Object(JSON.parse(Buffer.from(header, 'base64url').toString('utf8')))
    return { kid: typeof kid === 'string' ? kid : undefined }
  } catch {
    return { kid: undefined }
  }
}

function grants(deps: AdapterDeps): Partial<Adapter> {
  return {
    async find(id) {
      const grant = await findGrant(deps.db, id)
      return (
        grant && {
          ...{ jti: grant.id, kind: 'Grant', accountId: grant.personId, clientId: grant.clientId },
          ...{ openid: { scope: grant.permissions.join(' ') } },
          ...{ iat: seconds(grant.createdAtMs), exp: seconds(grant.expiresAtMs) },
        }
      )
    },
    destroy: deps.endGrant,
  }
}

function accessTokens(deps: AdapterDeps): Partial<Adapter> {
  const { db, tokens, spread } = deps
  return {
    async upsert(id, payload) {
      const { clientId = '', grantId = null, scope = '' } = payload
      const certificate = payload['x5t#S256']
      const jkt = typeof certificate === 'string' ? boundToCertificate(certificate) : payload['jkt']
      const request = {
        ...{ clientId, grantId, digest: digestOfText(id), permissions: scope.split(' ').filter(Boolean) },
        jkt: typeof jkt === 'string' ? jkt : null,
      }
      await writeInUnit(deps, async (tx) => {
        // First: what it may do by now stays so.
        await lockActiveClient(tx, clientId)
        const reach = await reachOf(tx, deps.table, request)
        await issueWithin(tx, deps, { request, reach }).catch((error: unknown) => {
          throw error instanceof GrantEndedError ? new errors.InvalidGrant(error.message) : error
        })
      })
    },
    async find(id) {
      const found = await tokens.find(db, digestOfText(id))
      // One of a suspended merchant works for nobody, and would again: it can be ended.
      const isFound = Provider.ctx?.oidc.route === 'revocation' ? found?.isOver === false : found?.isLive
      return found && isFound ? payloadOf(id, found) : undefined
    },
    async destroy(id) {
      const digest = digestOfText(id)
      // Its grant ends next, and takes it along: a database that is lost between two ends would leave one of them.
      if (isRevocation(Provider.ctx) && typeof (await tokens.find(db, digest))?.grantId === 'string') return
      const change = await db.transaction((tx) => tokens.end(tx, { kind: 'token', digest }))
      await applied(spread, change)
    },
    revokeByGrantId: deps.endGrant,
  }
}

async function reachOf(
  db: Queryable,
  table: Table,
  { clientId, permissions }: Pick<TokenRequest, 'clientId' | 'permissions'>,
): Promise<ClientReach> {
  const client = await findActiveClient(db, clientId)
  const api = table.apis.get(client?.api ?? '')
  if (client === undefined || api === undefined) throw new errors.InvalidGrant('the client has ended')
  const may = new Set(permissionsOfClient(client, api))
  if (permissions.some((name) => !may.has(name)))
    throw new errors.InvalidGrant('the client may do less by now')
  return { api, environment: client.environment, merchantId: client.merchantId }
}

function payloadOf(id: string, found: FoundAccessToken): AdapterPayload {
  const { clientId, userId, grantId, permissions, jkt } = found
  const certificate = jkt === null ? undefined : certificateOf(jkt)
  return {
    ...{ jti: id, format: 'opaque', kind: userId === null ? 'ClientCredentials' : 'AccessToken' },
    ...{ clientId, scope: permissions.join(' ') },
    ...{ iat: seconds(found.createdAtMs), exp: seconds(found.expiresAtMs) },
    ...(userId !== null && grantId !== null && { accountId: userId, grantId }),
    ...(jkt !== null && (certificate === undefined ? { jkt } : { 'x5t#S256': certificate })),
  }
}

function artifacts(deps: AdapterDeps, model: string): Partial<Adapter> {
  const { db } = deps
  const keyOf = (id: string) => ({ model, digest: digestOfText(id) })
  return {
    async upsert(id, payload, lifetimeSeconds = 0) {
      const { jti: _, grantId = null, ...rest } = payload
      const sealed = sealedBy(id, model, { ...rest, ...(grantId !== null && { grantId }) })
      const artifact = { ...keyOf(id), grantId, payload: sealed, lifetimeSeconds }
      if (model === 'ReplayDetection') {
        if (!(await keepOnce(db, artifact))) throw new errors.InvalidRequest('it was used before')
        return
      }
      await writeInUnit(deps, async (tx) => {
        await keepWithGrant(tx, artifact, model)
        if (model === 'DeviceCode') await keepDevice(tx, { id, payload })
      })
    },
    async find(id) {
      const found = await findArtifact(db, keyOf(id))
      const payload = found && openedBy(id, model, found.payload)
      if (found === undefined || payload === undefined) return undefined
      const answer = model === 'DeviceCode' ? await answeredDevice(db, id) : {}
      return { ...payload, ...answer, jti: id, ...(found.isConsumed && { consumed: true }) }
    },
    consume: (id) => writeInUnit(deps, (tx) => consumeUsable(tx, keyOf(id))),
    async destroy(id) {
      // As of access tokens: what hangs on a grant that has ended is none from then on.
      if (isRevocation(Provider.ctx)) return
      await writeInUnit(deps, async (tx) => {
        const isDropped = await dropArtifact(tx, keyOf(id))
        // Two at once: one of them gets the code.
        if (!isDropped && model === 'Interaction') throw new UsedBeforeError(null)
      })
    },
    revokeByGrantId: deps.endGrant,
  }
}

/**
 * Where nothing could be issued for it now, as its merchant is suspended, it stays as it is: what is used up in vain would be a
 * second use the next time, which ends the grant. Throws InvalidGrant and UsedBeforeError.
 */
async function consumeUsable(tx: Queryable, key: Parameters<typeof consumeArtifact>[1]): Promise<void> {
  const grantId = (await grantOfArtifact(tx, key)) ?? null
  if (grantId !== null && (await lockUsableGrant(tx, grantId)) === undefined)
    throw new errors.InvalidGrant('what it rests on has ended')
  if ((await consumeArtifact(tx, key)) === undefined) throw new UsedBeforeError(grantId)
}

type Artifact = Parameters<typeof keepArtifact>[1]

/** A refresh token prolongs what it hangs on. Throws InvalidGrant. */
async function keepWithGrant(tx: Queryable, artifact: Artifact, model: string): Promise<void> {
  const { grantId, lifetimeSeconds } = artifact
  if (model === 'RefreshToken' && grantId !== null) await prolongGrant(tx, grantId, lifetimeSeconds)
  if (!(await keepArtifact(tx, artifact))) throw new errors.InvalidGrant('the grant has ended')
}

function sealedBy(id: string, model: string, payload: object): string {
  return createSealing([id]).seal(model, JSON.stringify(payload))
}

function openedBy(id: string, model: string, sealed: string): AdapterPayload | undefined {
  const text = createSealing([id]).open(model, sealed)
  return text === undefined ? undefined : JSON.parse(text)
}

function seconds(ms: number): number {
  return Math.floor(ms / 1000)
}
