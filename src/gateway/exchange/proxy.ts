// The last step of the chain. @fastify/http-proxy owns the routes and (later) the upgrades; the HTTP exchange is ours and
// leaves the framework before the plugin's handler, whose own path parses the target anew, rewrites bodies and headers
// and repeats requests (docs/decisions.md).

import httpProxy from '@fastify/http-proxy'
import type { FastifyInstance } from 'fastify'
import { upstreamOf } from '../../config/upstream-of.ts'
import { type Denial, deny } from '../../errors/denial.ts'
import type { Access } from '../access.ts'
import { answerPreflight } from './cors.ts'
import { forward } from './dispatch.ts'
import { refuse } from './refuse.ts'

/** Registers the plugin. A request that reaches its handler has come past the stages: it is not forwarded. */
export async function registerProxy(app: FastifyInstance): Promise<void> {
  await app.register(httpProxy, {
    // Never contacted: which upstream a request goes to is decided by its key.
    upstream: 'http://upstream.invalid',
    // No parser of the plugin's looks at the body: it is read by the dispatcher alone.
    proxyPayloads: false,
    handler(request, reply) {
      reply.hijack()
      refuse(request.access, deny('INTERNAL_ERROR', 'past_the_stages'))
    },
  })
}

/**
 * Does what the stages decided: refuses, or sends on to the upstream. Never throws: nobody would hear it, and the client
 * would wait for ever.
 */
export function conclude(access: Access, denial: Denial | undefined): void {
  // Its client left while its key was looked up, or broke its body off, which was answered: nobody would read the answer,
  // and a refund would still be made.
  if (access.isClosed || access.status !== 0) return
  try {
    if (denial === undefined) {
      access.isLetThrough = true
      sendOn(access)
    } else refuse(access, denial)
  } catch (error) {
    access.failure = error
    access.cut = 'gateway'
    access.raw.socket.destroy()
  }
}

function sendOn(access: Access): void {
  const { environment, route, isPreflight, upstreams, host } = access
  if (isPreflight && typeof host?.api.cors === 'object') {
    answerPreflight(access, host.api, host.api.cors)
    return
  }
  // Only a stage that let the request through sets these; without them nothing is forwarded.
  const isDecided = environment !== undefined && (route !== undefined || isPreflight)
  const way = isDecided ? upstreamOf(environment, route ?? access.preflightRoute) : ''
  const upstream = upstreams.get(way)
  if (upstream === undefined) refuse(access, deny('INTERNAL_ERROR', 'no_upstream'))
  else {
    access.upstream = upstream.settings.name
    forward(access, upstream)
  }
}
