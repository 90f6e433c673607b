// What follows a committed change: it is spread, and the caller may wait until all instances have applied it.

import type { FastifyRequest } from 'fastify'
import type { Who } from '../store/audit-table.ts'
import type { ChangeOrigin, Committed } from '../store/commit-table.ts'
import { isWhole, type View } from '../store/scope.ts'
import type { ControlDeps } from './dependencies.ts'
import { instant } from './instant.ts'

const waitTimeoutMs = 5000

/** On whose behalf a request changes something. */
export function originOf(request: FastifyRequest, deps: ControlDeps): ChangeOrigin {
  return { ...whoOf(request), ...viewOf(request, deps) }
}

/** Who asks and why, as the audit has it. */
export function whoOf(request: FastifyRequest): Who {
  const { actor, tokenId } = request.caller
  const client = request.client ?? null
  return { actor, tokenId, client, requestId: request.id, reason: reasonOf(request) }
}

/** What the caller sees now. */
export function viewOf(request: FastifyRequest, deps: ControlDeps): View {
  return { nowMs: deps.now(), scope: request.caller.scope }
}

/** Why, as the caller says it: a member of every change's body, or of its query, where the body is a file. */
function reasonOf({ body, query }: FastifyRequest): string | undefined {
  const { reason }: { reason?: unknown } = Object(body)
  const { reason: asked }: { reason?: unknown } = Object(query)
  const said = reason ?? asked
  return typeof said === 'string' ? said : undefined
}

/** Whoever waits: whether for all instances, and whether it is told their names. */
export interface Waiter {
  readonly query: { readonly wait?: 'all' | undefined }
  readonly caller: Pick<FastifyRequest['caller'], 'scope'>
}

/** A member of the answer to `?wait=all`. */
export interface PendingObject {
  readonly instance: string
  readonly applied_revision: number
  readonly last_seen_at: string
  readonly dead_by: string
}

/** What `?wait=all` adds to an answer. */
export interface SettledObject {
  readonly pending?: readonly PendingObject[]
  /** Redis could not take the change yet: an instance that starts while Postgres is away may serve what was before. */
  readonly redis?: 'behind'
}

/**
 * Spreads a change; with `wait`, answers when all instances have applied the object's revision, or after 5 s, with
 * those that have not: by their names to whoever sees the whole installation, else by numbers. A repeat that changed nothing waits for the revision that the object already has.
 */
export async function settle(
  deps: ControlDeps,
  committed: Committed<{ readonly revision: number }>,
  { query, caller }: Waiter,
): Promise<SettledObject> {
  if (committed.change) deps.published(committed.change)
  if (query.wait === undefined) return {}
  const { revision } = committed.object
  const [pending, isBehind] = await Promise.all([
    deps.awaitAll(revision, waitTimeoutMs),
    deps.isRedisBehind(revision, waitTimeoutMs),
  ])
  return {
    ...(isBehind && { redis: 'behind' }),
    pending: pending.map((one, index) => ({
      // How many there are is everybody's concern, their names are the platform's.
      instance: isWhole(caller.scope) ? one.instance : String(index + 1),
      applied_revision: one.appliedRevision,
      last_seen_at: instant(one.lastSeenAtMs),
      dead_by: instant(one.deadByMs),
    })),
  }
}
