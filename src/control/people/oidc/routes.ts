// /hub/v1/oidc: to an identity provider and back. What ties the two together stands in a cookie of the browser that began, so that nobody
// is signed in by somebody else's link; and it is good once, for ten minutes.

import type { FastifyRequest } from 'fastify'
import { Type } from 'typebox'
import { readEmail } from '../../../credentials/email.ts'
import { ceremonyPrefix } from '../../../credentials/role.ts'
import { digestOf, generateSecret, type Secret } from '../../../credentials/secret.ts'
import { deny, DenialError } from '../../../errors/denial.ts'
import { beginCeremony, takeCeremony } from '../../../store/people/ceremony-table.ts'
import type { ChangeOrigin } from '../../../store/commit-table.ts'
import { personByOidc } from '../../../store/people/person-oidc-table.ts'
import { everything } from '../../../store/scope.ts'
import type { ControlApp } from '../../dependencies.ts'
import type { RouteDoc } from '../../openapi/route-doc.ts'
import type { HubApp } from '../hub-app.ts'
import { sessionCookie } from '../session-secret.ts'
import { signIn } from '../sign-in.ts'
import { begunCookie, endedCookie, presented } from './browser-secret.ts'
import { createProvider, type Named, type Provider } from './provider.ts'

const docs = {
  begin: {
    summary: 'Begins to sign in by an identity provider: where the browser is to go',
    status: 200,
    answer: Type.Object({ url: Type.String() }),
    errors: ['TOO_MANY_ATTEMPTS', 'PROVIDER_UNAVAILABLE', 'STORE_UNAVAILABLE'],
  },
  callback: {
    summary: 'Where the provider leads back to: signs in, and leads on to the hub, or to /sign-in?error=oidc',
    status: 303,
    answer: 'text/plain',
    errors: [],
  },
} as const satisfies Record<string, RouteDoc>

const lifeSeconds = 600
export const callbackPath = '/hub/v1/oidc/callback'
const idParams = Type.Object({ id: Type.String() })

/** For callers without a session. */
export function serveOidc(app: ControlApp, hub: HubApp): void {
  const { deps, attempts, site } = hub
  const { publicUrl, path } = deps.hub
  const place = publicUrl + path
  const redirectUri = `${place}${callbackPath}`
  const providers = new Map(
    deps.hub.oidc.map((settings) => [settings.id, createProvider(settings, { redirectUri, now: deps.now })]),
  )

  const beginning = { schema: { params: idParams }, config: { doc: docs.begin } }
  app.post('/oidc/:id', beginning, async (request, reply) => {
    const provider = providers.get(request.params.id)
    if (provider === undefined) throw new DenialError(deny('NOT_FOUND', 'unknown_provider'))
    await attempts.take('begun', request.client ?? '')
    const secret = generateSecret(ceremonyPrefix)
    const url = await provider.begin(secret)
    await beginCeremony(deps.db, {
      ...{ digest: digestOf(secret), kind: 'oidc', personId: null, detail: provider.settings.id },
      expiresAtMs: deps.now() + lifeSeconds * 1000,
    })
    return reply.header('set-cookie', begunCookie(secret, site.isSecure(request), lifeSeconds)).send({ url })
  })

  app.get('/oidc/callback', { config: { doc: docs.callback } }, async (request, reply) => {
    const isSecure = site.isSecure(request)
    void reply.header('set-cookie', endedCookie(isSecure))
    const session = await comeBack(request).catch((error: unknown) => {
      request.denial = denialOf(error)
      deps.log.info(
        { request_id: request.id, reason: request.denial.reason, cause: causeOf(error) },
        'a sign-in by an identity provider failed',
      )
      return undefined
    })
    // What a provider has written into our address is in no Referer and no history.
    if (session === undefined) return reply.redirect(`${path}/sign-in?error=oidc`, 303)
    const { absoluteMs } = deps.hub.sessions
    return reply
      .header('set-cookie', sessionCookie(session, isSecure, Math.floor(absoluteMs / 1000)))
      .redirect(`${path}/`, 303)
  })

  async function comeBack(request: FastifyRequest): Promise<Secret> {
    const { secret, provider } = await begunBy(request)
    const url = new URL(place + request.url)
    const named = await provider.finish(secret, url).catch((cause: unknown) => {
      throw new DenialError(deny('SIGN_IN_FAILED', 'oidc_refused'), { cause })
    })
    const person = await personByOidc(deps.db, originOf(request), identified(provider, named))
    return signIn(hub, request, { personId: person.id, proofs: ['oidc'], password: null })
  }

  /** Throws SIGN_IN_FAILED where this browser has begun nothing. */
  async function begunBy(request: FastifyRequest): Promise<{ secret: Secret; provider: Provider }> {
    const secret = presented(request.headers.cookie, site.isSecure(request))
    const taken =
      secret &&
      (await takeCeremony(deps.db, {
        digest: digestOf(secret),
        kind: 'oidc',
        personId: null,
        nowMs: deps.now(),
      }))
    const provider = taken && providers.get(taken.detail ?? '')
    if (secret === undefined || provider === undefined)
      throw new DenialError(deny('SIGN_IN_FAILED', 'oidc_not_begun'))
    return { secret, provider }
  }

  function identified({ settings }: Provider, { issuer, subject, email, isOperator }: Named) {
    const { role = 'read_only' } = settings.operators ?? {}
    const known = email === null ? undefined : readEmail(email)
    return { issuer, subject, email: known ?? null, isOperator, role, newId: deps.newId('usr') } as const
  }

  /** Whoever comes is nobody yet. */
  function originOf(request: FastifyRequest): ChangeOrigin {
    const { client = null, id: requestId } = request
    return { actor: '', tokenId: null, client, requestId, nowMs: deps.now(), scope: everything }
  }
}

function denialOf(error: unknown) {
  return error instanceof DenialError ? error.denial : deny('SIGN_IN_FAILED', 'oidc_refused')
}

/** What a provider says of it, in a word; nothing of what it was sent. */
function causeOf(error: unknown): string | undefined {
  const { cause = error } = Object(error) as { cause?: unknown }
  const { code, error: word } = Object(cause) as { code?: unknown; error?: unknown }
  const said = [code, word].filter((one) => typeof one === 'string' && /^[\w.-]{1,60}$/.test(one))
  return said.length === 0 ? undefined : said.join(' ')
}
