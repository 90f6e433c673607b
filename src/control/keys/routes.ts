// Keys: made, shown, listed and edited.

import type { Static } from 'typebox'
import { digestOf, generateSecret, lastFour, type Secret } from '../../credentials/secret.ts'
import type { ChangeOrigin, Committed } from '../../store/commit-table.ts'
import { createKey, type NewSecret, patchKey } from '../../store/keys/key-change-table.ts'
import { listKeys, mustGetKey, type StoredKey } from '../../store/keys/key-table.ts'
import { namesOf } from '../../store/names-table.ts'
import { seesApi } from '../../store/scope.ts'
import { settle, viewOf } from '../change-answer.ts'
import { nextCursor, readCursor } from '../cursor.ts'
import type { AdminDeps, ControlApp } from '../dependencies.ts'
import { idOf, idParams, isId, limitOf, waitQuery } from '../fields.ts'
import { findReplay, markReplay, repeatableOriginOf } from '../idempotency.ts'
import { keyLimitsOf } from '../limit-fields.ts'
import { invalid } from '../refusal.ts'
import { agesOf } from './key-ages.ts'
import { keyDocs } from './key-docs.ts'
import { entityTag, keyObject, keyObjectWithSecret } from './key-object.ts'
import {
  aboutOf,
  apiOf,
  expiryOf,
  ifMatchOf,
  keyListQuery,
  keyPatchBody,
  newKeyBody,
  noEnvironment,
  permissionsOf,
  unknownApi,
} from './key-request.ts'

export function serveKeys(app: ControlApp, deps: AdminDeps): void {
  serveCreate(app, deps)
  servePatch(app, deps)

  app.get(
    '/keys',
    { schema: { querystring: keyListQuery }, config: { doc: keyDocs.list } },
    async (request) => {
      const { merchant_id: merchantId, q: text, cursor, limit, ...same } = request.query
      const view = viewOf(request, deps)
      const { status, api, environment, last4, sort } = same
      const named = { status, api, environment, last4, sort, merchantId, text }
      const filter = { ...named, ...agesOf(same, view.nowMs), ...view }
      const after = readCursor(cursor, (value) => isId('key', value))
      const page = await listKeys(deps.db, filter, { after, limit: limitOf(limit) })
      const names = await namesOf(
        deps.db,
        page.rows.map((key) => key.merchantId),
      )
      return {
        data: page.rows.map((key) => ({
          ...keyObject(key),
          merchant_name: names.get(key.merchantId) ?? key.merchantId,
        })),
        next_cursor: nextCursor(page, (key) => key.id),
      }
    },
  )

  app.get(
    '/keys/:id',
    { schema: { params: idParams }, config: { doc: keyDocs.get } },
    async (request, reply) => {
      const key = await mustGetKey(deps.db, idOf('key', request.params.id), viewOf(request, deps))
      return reply.header('etag', entityTag(key)).send(keyObject(key))
    },
  )
}

function serveCreate(app: ControlApp, deps: AdminDeps): void {
  const schema = { body: newKeyBody, querystring: waitQuery }
  app.post('/keys', { schema, config: { doc: keyDocs.create } }, async (request, reply) => {
    const origin = repeatableOriginOf(request, deps)
    const replay = await findReplay<StoredKey>(deps, origin)
    const committed = replay ?? (await makeKey(deps, origin, request.body))
    markReplay(reply, committed)
    const settled = await settle(deps, committed, request)
    const { object } = committed
    const secret = 'secret' in committed && !committed.isReplay ? committed.secret : null
    return reply
      .code(201)
      .header('etag', entityTag(object))
      .send({ ...keyObjectWithSecret(object, secret), ...settled })
  })
}

async function makeKey(
  deps: AdminDeps,
  origin: ChangeOrigin,
  body: Static<typeof newKeyBody>,
): Promise<Committed<StoredKey> & { readonly secret: Secret }> {
  const api = apiOf(deps, body.api, '/api')
  if (!seesApi(origin.scope, api.name)) throw unknownApi('/api')
  const environment = api.environments.find(({ name }) => name === body.environment)
  if (!environment) throw invalid('/environment', noEnvironment(api))
  const secret = generateSecret(environment.prefix)
  const committed = await createKey(deps.db, origin, {
    id: deps.newId('key'),
    merchantId: body.merchant_id,
    api: api.name,
    environment: environment.name,
    name: body.name,
    prefix: environment.prefix,
    permissions: permissionsOf(api, body.permissions),
    expiresAtMs: expiryOf(body.expires_at ?? null, origin.nowMs),
    limits: keyLimitsOf({ api, scope: origin.scope }, body),
    ...aboutOf(deps, body),
    secret: newSecret(deps, secret),
  })
  return { ...committed, secret }
}

function servePatch(app: ControlApp, deps: AdminDeps): void {
  const schema = { params: idParams, body: keyPatchBody, querystring: waitQuery }
  app.patch('/keys/:id', { schema, config: { doc: keyDocs.patch } }, async (request, reply) => {
    const id = idOf('key', request.params.id)
    const ifRevision = ifMatchOf(request.headers['if-match'])
    const origin = repeatableOriginOf(request, deps)
    const replay = await findReplay<StoredKey>(deps, origin)
    const committed = replay ?? (await changeKey(deps, origin, { id, ifRevision, body: request.body }))
    markReplay(reply, committed)
    const settled = await settle(deps, committed, request)
    return reply
      .header('etag', entityTag(committed.object))
      .send({ ...keyObject(committed.object), ...settled })
  })
}

async function changeKey(
  deps: AdminDeps,
  origin: ChangeOrigin,
  asked: {
    readonly id: string
    readonly ifRevision: number | null
    readonly body: Static<typeof keyPatchBody>
  },
): Promise<Committed<StoredKey>> {
  const { id, ifRevision } = asked
  const { name, permissions, expires_at: expiry } = asked.body
  // A key's API never changes, so it may be read before the key is locked.
  const key = await mustGetKey(deps.db, id, origin)
  const patch = {
    name,
    limits: keyLimitsOf({ api: deps.table().apis.get(key.api), scope: origin.scope }, asked.body),
    permissions: permissions && permissionsOf(apiOf(deps, key.api, '/permissions'), permissions),
    expiresAtMs: expiry === undefined ? undefined : expiryOf(expiry, origin.nowMs),
    ...aboutOf(deps, asked.body),
  }
  return patchKey(deps.db, origin, { id, patch, ifRevision })
}

/** What is stored of a secret. */
export function newSecret(deps: AdminDeps, secret: Secret): NewSecret {
  return { id: deps.newId('sec'), digest: digestOf(secret), last4: lastFour(secret) }
}
