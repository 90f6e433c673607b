// What is done to a key as a whole: disable, enable, revoke, rotate, and the end of a rotation.

import { defaultGraceSeconds, type KeyAction } from '../../credentials/lifecycle.ts'
import { generateSecret, type Secret } from '../../credentials/secret.ts'
import type { ChangeOrigin, Committed } from '../../store/commit-table.ts'
import { releaseBrakes } from '../../store/keys/key-brake-table.ts'
import { transitionKey } from '../../store/keys/key-change-table.ts'
import { endRotation, moveGrace, type Rotation, rotateKey } from '../../store/keys/key-rotation-table.ts'
import { mustGetKey, type StoredKey } from '../../store/keys/key-table.ts'
import { settle } from '../change-answer.ts'
import type { AdminDeps, ControlApp } from '../dependencies.ts'
import { actionBody, idOf, idParams, waitQuery } from '../fields.ts'
import { findReplay, markReplay, repeatableOriginOf } from '../idempotency.ts'
import { keyDocs } from './key-docs.ts'
import { entityTag, keyObject, keyObjectWithSecret } from './key-object.ts'
import { graceBody, rotateBody } from './key-request.ts'
import { newSecret } from './routes.ts'

const actionSchema = { params: idParams, body: actionBody, querystring: waitQuery }

export function serveKeyActions(app: ControlApp, deps: AdminDeps): void {
  for (const action of actions) serveTransition(app, deps, action)
  serveRotate(app, deps)

  serveEndRotation(app, deps)
  serveGrace(app, deps)
  serveRelease(app, deps)
}

function serveEndRotation(app: ControlApp, deps: AdminDeps): void {
  const options = { schema: actionSchema, config: { doc: keyDocs.endRotation } }
  app.post('/keys/:id/rotation/end', options, async (request, reply) => {
    const id = idOf('key', request.params.id)
    const committed = await endRotation(deps.db, repeatableOriginOf(request, deps), id)
    markReplay(reply, committed)
    const settled = await settle(deps, committed, request)
    return reply
      .header('etag', entityTag(committed.object))
      .send({ ...keyObject(committed.object), ...settled })
  })
}

function serveRelease(app: ControlApp, deps: AdminDeps): void {
  const options = { schema: actionSchema, config: { doc: keyDocs.release } }
  app.post('/keys/:id/brakes/release', options, async (request, reply) => {
    const id = idOf('key', request.params.id)
    const committed = await releaseBrakes(deps.db, repeatableOriginOf(request, deps), id)
    markReplay(reply, committed)
    const settled = await settle(deps, committed, request)
    return reply
      .header('etag', entityTag(committed.object))
      .send({ ...keyObject(committed.object), ...settled })
  })
}

function serveGrace(app: ControlApp, deps: AdminDeps): void {
  const schema = { params: idParams, body: graceBody, querystring: waitQuery }
  app.post('/keys/:id/rotation/grace', { schema, config: { doc: keyDocs.grace } }, async (request, reply) => {
    const id = idOf('key', request.params.id)
    const origin = repeatableOriginOf(request, deps)
    const untilMs = origin.nowMs + request.body.grace_seconds * 1000
    const committed = await moveGrace(deps.db, origin, { id, untilMs })
    markReplay(reply, committed)
    const settled = await settle(deps, committed, request)
    return reply
      .header('etag', entityTag(committed.object))
      .send({ ...keyObject(committed.object), ...settled })
  })
}

const actions = ['disable', 'enable', 'revoke'] as const satisfies readonly KeyAction[]

function serveTransition(app: ControlApp, deps: AdminDeps, action: KeyAction): void {
  const options = { schema: actionSchema, config: { doc: keyDocs[action] } }
  app.post(`/keys/:id/${action}`, options, async (request, reply) => {
    const id = idOf('key', request.params.id)
    const committed = await transitionKey(deps.db, repeatableOriginOf(request, deps), { id, action })
    markReplay(reply, committed)
    const settled = await settle(deps, committed, request)
    return reply
      .header('etag', entityTag(committed.object))
      .send({ ...keyObject(committed.object), ...settled })
  })
}

function serveRotate(app: ControlApp, deps: AdminDeps): void {
  const schema = { params: idParams, body: rotateBody, querystring: waitQuery }
  app.post('/keys/:id/rotate', { schema, config: { doc: keyDocs.rotate } }, async (request, reply) => {
    const { grace_seconds: graceSeconds = defaultGraceSeconds } = request.body
    const id = idOf('key', request.params.id)
    const origin = repeatableOriginOf(request, deps)
    const replay = await findReplay<StoredKey>(deps, origin)
    const committed = replay ?? (await rotate(deps, origin, { id, graceSeconds }))
    markReplay(reply, committed)
    const settled = await settle(deps, committed, request)
    const secret = 'secret' in committed && !committed.isReplay ? committed.secret : null
    return reply
      .header('etag', entityTag(committed.object))
      .send({ ...keyObjectWithSecret(committed.object, secret), ...settled })
  })
}

async function rotate(
  deps: AdminDeps,
  origin: ChangeOrigin,
  asked: Pick<Rotation, 'id' | 'graceSeconds'>,
): Promise<Committed<StoredKey> & { readonly secret: Secret }> {
  const prefix = prefixOf(deps, await mustGetKey(deps.db, asked.id, origin))
  const secret = generateSecret(prefix)
  const rotation = { ...asked, prefix, secret: newSecret(deps, secret) }
  return { ...(await rotateKey(deps.db, origin, rotation)), secret }
}

/** The configured prefix, which may have changed since the key was made; else the one that it has. */
function prefixOf(deps: AdminDeps, key: StoredKey): string {
  const api = deps.table().apis.get(key.api)
  return api?.environments.find(({ name }) => name === key.environment)?.prefix ?? key.prefix
}
