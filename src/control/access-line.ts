// What the log has of a request of the control plane: nothing of what it carried.

import type { FastifyRequest } from 'fastify'
import type { Caller } from './callers/caller.ts'

export function accessLine(
  request: FastifyRequest,
  reply: { statusCode: number; elapsedTime: number },
): object {
  return {
    request_id: request.id,
    ...callerPart(request),
    method: request.method,
    route: request.routeOptions.url,
    status: reply.statusCode,
    duration_ms: Math.round(reply.elapsedTime),
    ...(request.denial && {
      code: request.denial.code,
      reason: request.denial.reason,
      client: request.client,
    }),
  }
}

function callerPart({ caller }: { caller?: Caller }): object {
  if (caller === undefined) return { actor: '' }
  const { actor, tokenId, signedIn } = caller
  if (signedIn !== undefined) return { actor, user_id: signedIn.person.id, session_id: signedIn.session.id }
  return { actor, ...(tokenId !== null && { token_id: tokenId }) }
}
