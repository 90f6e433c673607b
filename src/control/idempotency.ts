// Idempotency-Key (contract 8): a request that its sender may repeat until it has an answer.

import { hash } from 'node:crypto'
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { ChangeOrigin, Committed } from '../store/commit-table.ts'
import { type IdempotentRequest, readReplay } from '../store/idempotency-table.ts'
import { ownerOf } from './callers/caller.ts'
import { originOf } from './change-answer.ts'
import type { AdminDeps, ControlDeps } from './dependencies.ts'
import { invalid } from './refusal.ts'

/** As `originOf`, of a request that may be repeated if it has an Idempotency-Key. Throws VALIDATION_FAILED. */
export function repeatableOriginOf(request: FastifyRequest, deps: ControlDeps): ChangeOrigin {
  return { ...originOf(request, deps), replayOf: idempotentRequestOf(request) }
}

/**
 * What an equal request has made before, if any: to be looked at before whatever may have changed since is checked
 * (the clock, the permission table). Throws IDEMPOTENCY_MISMATCH.
 */
export async function findReplay<T>(
  deps: AdminDeps,
  origin: ChangeOrigin,
): Promise<(Committed<T> & { readonly isReplay: true }) | undefined> {
  if (origin.replayOf === undefined) return undefined
  const object = await readReplay<T>(deps.db, origin.replayOf, origin.nowMs)
  return object === undefined ? undefined : { object, change: null, isReplay: true }
}

/** Says in the answer's header that nothing was changed. */
export function markReplay(reply: FastifyReply, committed: Committed<unknown>): void {
  if (committed.isReplay) void reply.header('idempotency-replayed', 'true')
}

function idempotentRequestOf(request: FastifyRequest): IdempotentRequest | undefined {
  const key = request.headers['idempotency-key']
  if (key === undefined) return undefined
  if (typeof key !== 'string' || !/^[\x20-\x7e]{1,255}$/.test(key)) {
    throw invalid('Idempotency-Key', 'must be 1 to 255 printable ASCII characters')
  }
  const [path = ''] = request.url.split('?', 1)
  const asked = `${request.method} ${path}\n${canonical(request.body)}`
  return { actor: ownerOf(request.caller), key, requestDigest: hash('sha256', asked, 'hex') }
}

/** JSON with sorted members: the same for bodies that mean the same. */
function canonical(value: unknown): string {
  return JSON.stringify(value, (_, member: unknown) =>
    typeof member === 'object' && member !== null && !Array.isArray(member)
      ? Object.fromEntries(Object.entries(member).toSorted(([a], [b]) => (a < b ? -1 : 1)))
      : member,
  )
}
