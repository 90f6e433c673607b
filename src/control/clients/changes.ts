// What becomes of a client: other words, other secrets, its end and the end of its tokens.

import type { Api } from '../../config/compiled.ts'
import { defaultGraceSeconds } from '../../credentials/lifecycle.ts'
import { DenialError, deny } from '../../errors/denial.ts'
import { permissionsOfClient } from '../../oauth/client-metadata.ts'
import {
  type ClientChange,
  changeClient,
  takeClientChange,
  writeClientPatch,
  writeClientSecret,
  writeClientStatus,
} from '../../store/oauth/oauth-client-change-table.ts'
import { mustGetClient, type StoredClient } from '../../store/oauth/oauth-client-table.ts'
import { endGrantsOf } from '../../store/oauth/oauth-grant-table.ts'
import { originOf, viewOf } from '../change-answer.ts'
import type { AdminDeps, ControlApp } from '../dependencies.ts'
import { actionBody, idOf, idParams, waitQuery } from '../fields.ts'
import { settleEnd } from '../oauth/settle-end.ts'
import { changed, type RouteDoc } from '../openapi/route-doc.ts'
import { invalid } from '../refusal.ts'
import {
  clientObject,
  clientObjectWithSecret,
  clientPatchBody,
  clientSchema,
  clientWithSecretSchema,
  rotateClientBody,
} from './client-object.ts'
import { askedPatch } from './client-request.ts'
import { makeClientSecret } from './client-secret.ts'

const errors = ['STORE_UNAVAILABLE', 'OUTCOME_UNKNOWN'] as const
const docs = {
  patch: {
    summary:
      'Changes what is named. Where a permission is taken away its access tokens end, and a refresh gives others with what is left',
    status: 200,
    answer: changed(clientSchema),
    errors,
  },
  disable: {
    summary: 'Ends a client, what people have granted it, and all of its tokens',
    status: 200,
    answer: changed(clientSchema),
    errors,
  },
  enable: { summary: 'Lets a client ask for tokens again', status: 200, answer: clientSchema, errors },
  rotate: {
    summary:
      'A second secret, shown here only; both work until the grace ends, and a grace of 0 ends all others at once',
    status: 200,
    answer: clientWithSecretSchema,
    errors: [...errors, 'ROTATION_IN_PROGRESS'],
  },
} as const satisfies Record<string, RouteDoc>

export function serveClientChanges(app: ControlApp, deps: AdminDeps): void {
  const querystring = waitQuery
  const patched = { params: idParams, body: clientPatchBody, querystring }
  app.patch('/clients/:id', { schema: patched, config: { doc: docs.patch } }, async (request) => {
    const id = idOf('cli', request.params.id)
    const origin = originOf(request, deps)
    const client = await mustGetClient(deps.db, id, viewOf(request, deps))
    const patch = askedPatch(deps, { client, scope: origin.scope }, request.body)
    const apis = deps.table().apis
    let isNarrowed = false
    const done = await changeClient(deps.db, origin, {
      ...{ id, action: 'client.update' },
      async write(tx, before) {
        isNarrowed = takesAway(apis.get(before.api), before, patch.permissions)
        return writeClientPatch(tx, before, patch)
      },
      async last(tx) {
        if (isNarrowed) return deps.oauth.endTokens(tx, { kind: 'client', id })
        // What the instances know of its tokens has the limits, too.
        return patch.limits === undefined ? null : takeClientChange(tx, id)
      },
    })
    return { ...clientObject(done.client), ...(await settleEnd(deps, done.change, request)) }
  })

  const acted = { params: idParams, body: actionBody, querystring }
  app.post('/clients/:id/disable', { schema: acted, config: { doc: docs.disable } }, async (request) => {
    const id = idOf('cli', request.params.id)
    const change: ClientChange = {
      ...{ id, action: 'client.disable' },
      async write(tx, before) {
        await endGrantsOf(tx, { clientId: id })
        return writeClientStatus(tx, before, 'disabled')
      },
      // Also of one that is disabled already: a repeat finds nothing left.
      last: (tx) => deps.oauth.endTokens(tx, { kind: 'client', id }),
    }
    const done = await changeClient(deps.db, originOf(request, deps), change)
    return { ...clientObject(done.client), ...(await settleEnd(deps, done.change, request)) }
  })

  app.post('/clients/:id/enable', { schema: acted, config: { doc: docs.enable } }, async (request) => {
    const { client } = await changeClient(deps.db, originOf(request, deps), {
      ...{ id: idOf('cli', request.params.id), action: 'client.enable' },
      write: (tx, before) => writeClientStatus(tx, before, 'active'),
    })
    return clientObject(client)
  })

  const rotated = { params: idParams, body: rotateClientBody, querystring }
  app.post(
    '/clients/:id/rotate-secret',
    { schema: rotated, config: { doc: docs.rotate } },
    async (request) => {
      const { grace_seconds: graceSeconds = defaultGraceSeconds } = request.body
      const { secret, stored } = makeClientSecret(deps)
      const { client } = await changeClient(deps.db, originOf(request, deps), {
        ...{ id: idOf('cli', request.params.id), action: 'client.rotate_secret' },
        async write(tx, before) {
          if (before.authMethod !== 'client_secret')
            throw invalid('', 'the client has no secret: it shows who it is by its keys')
          // What is in use would end, as there are two at most.
          if (graceSeconds > 0 && before.secrets.length > 1)
            throw new DenialError(deny('ROTATION_IN_PROGRESS', 'grace_running'))
          return writeClientSecret(tx, before.id, { secret: stored, graceSeconds })
        },
      })
      return clientObjectWithSecret(client, secret)
    },
  )
}

/** Whether a client may do something no more; of an API that is gone, all is. */
function takesAway(
  api: Api | undefined,
  before: StoredClient,
  permissions: readonly string[] | undefined,
): boolean {
  if (permissions === undefined) return false
  if (api === undefined) return true
  const left = new Set(permissionsOfClient({ permissions }, api))
  return permissionsOfClient(before, api).some((name) => !left.has(name))
}
