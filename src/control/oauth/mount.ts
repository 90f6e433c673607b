// /oauth and its metadata on the control port: requests go to the authorization server as they are, which answers them itself.

import type { ServerResponse } from 'node:http'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { unavailableAnswer } from '../../oauth/error-page.ts'
import { oauthPath } from '../../oauth/paths.ts'
import type { OauthServer } from '../../oauth/server.ts'
import { createClientCertificate } from '../client-certificate.ts'
import type { AdminDeps, ControlApp } from '../dependencies.ts'
import type { HubApp } from '../people/hub-app.ts'
import { StoreUnavailableError } from '../../store/postgres-errors.ts'
import { explainFailure } from '../../store/refusals.ts'
import { refuse, refuseUnknownPath } from '../refusal.ts'
import { resourceMetadataPath } from '../../config/oauth-schema.ts'
import { resourceMetadata } from './resource-metadata.ts'

const metadataPath = '/.well-known/oauth-authorization-server'

/** In all ways in which the server takes it: in any case, and with a slash behind it. */
const authorizing = /^\/(?:auth|device)[\\/]*(?:[?#]|$)/i

export interface Served {
  readonly hub: HubApp
  readonly server: () => Promise<OauthServer | null>
}

/** On an app of its own: bodies are not read here. */
export function serveOauth(app: ControlApp, { hub, server: serverOf }: Served): void {
  const { deps } = hub
  const { publicUrl } = deps.hub
  const certificateOf = createClientCertificate(deps)
  let isClosing = false
  app.addHook('preClose', async () => {
    isClosing = true
  })
  app.setErrorHandler((error, request, reply) => {
    if (!(error instanceof StoreUnavailableError)) return refuse(error, request, reply)
    const { log } = deps
    log.warn(
      { reason: explainFailure(error), request_id: request.id },
      'the database failed a request of OAuth',
    )
    const answer = unavailableAnswer(isOfBrowser(request))
    return reply.code(503).headers(answer.headers).send(answer.body)
  })
  app.removeAllContentTypeParsers()
  app.addContentTypeParser('*', (_request, _payload, done) => done(null))

  async function handOver(request: FastifyRequest, reply: FastifyReply, path: string): Promise<FastifyReply> {
    const server = await serverOf()
    if (server === null) return refuseUnknownPath(request, reply)
    // Each keeps a row until it is answered or over.
    if (authorizing.test(path)) await hub.attempts.take('access', request.client ?? '')
    // Whoever shows itself wrongly again and again waits, before it costs a question.
    if (request.method === 'POST') hub.attempts.refuseUsedUp('client', request.client ?? '')
    await server.prepare()
    reply.hijack()
    const { raw } = reply
    for (const [name, value] of Object.entries(reply.getHeaders())) {
      if (value !== undefined) raw.setHeader(name, value)
    }
    if (isClosing) raw.setHeader('connection', 'close')
    tell(deps, request, raw)
    const certificate = certificateOf(request.raw)
    const shown = { client: request.client, certificate }
    await server.handle({ request: request.raw, response: raw, ...shown }, path)
    if (raw.statusCode === 401) await hub.attempts.take('client', request.client ?? '').catch(() => undefined)
    return reply
  }

  const methods = ['GET', 'POST', 'OPTIONS'] as const
  app.route({
    ...{ method: [...methods], url: `${oauthPath}/*` },
    handler: (request, reply) =>
      request.url.startsWith(`${oauthPath}/`)
        ? handOver(request, reply, request.url.slice(oauthPath.length))
        : refuseUnknownPath(request, reply),
  })
  app.get(`${metadataPath}${oauthPath}`, (request, reply) => handOver(request, reply, metadataPath))
  app.get(`${resourceMetadataPath}/:api`, async (request, reply) => {
    const { api: name } = request.params as { api: string }
    const about = resourceMetadata(deps.table().apis.get(name), publicUrl)
    return about === undefined ? refuseUnknownPath(request, reply) : about
  })
}

function isOfBrowser({ method, headers }: FastifyRequest): boolean {
  return method === 'GET' && /text\/html/i.test(headers.accept ?? '')
}

/** Nothing of what it carried: neither codes nor tokens, of which the query may have some. */
function tell({ log }: AdminDeps, request: FastifyRequest, raw: ServerResponse): void {
  const startedAt = performance.now()
  const [path = ''] = request.url.split('?')
  raw.once('close', () => {
    log.info(
      {
        ...{ request_id: request.id, client: request.client, method: request.method },
        // What stands behind the third slash is of one request.
        route: path.split('/').slice(0, 3).join('/'),
        ...{ status: raw.statusCode, duration_ms: Math.round(performance.now() - startedAt) },
      },
      'oauth request',
    )
  })
}
