// What follows a committed change: it is spread, and the caller may wait until all instances have applied it.

import type { FastifyRequest } from 'fastify'
import type { Who } from '../store/audit/audit-table.ts'
import type { ChangeOrigin, Committed } from '../store/commit-table.ts'
import { isWhole, type View } from '../store/scope.ts'
import { type Change, readHead } from '../store/change-table.ts'
import type { AdminDeps, ControlDeps } from './dependencies.ts'
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
  return query.wait === undefined ? {} : waitFor(deps, committed.object.revision, caller)
}

/** An origin, and what it is told of access tokens that end with its change. */
export interface EndingOrigin {
  readonly origin: ChangeOrigin
  /** Spreads that, once it is committed. */
  spread(): void
  /** Does so, and with `wait` waits as `settle` does; where nothing has ended, for all changes so far. */
  settle(waiter: Waiter): Promise<SettledObject>
}

/** As `originOf`, of what people's access tokens hang on. */
export function endingOriginOf(request: FastifyRequest, deps: AdminDeps): EndingOrigin {
  return ending(deps, originOf(request, deps))
}

/** The same for an origin that is there already. */
export function ending(deps: AdminDeps, origin: ChangeOrigin): EndingOrigin {
  const ends: Change[] = []
  const spread = () => {
    for (const change of ends) deps.published(change)
  }
  return {
    origin: { ...origin, ended: (change) => void ends.push(change) },
    spread,
    async settle({ query, caller }) {
      spread()
      if (query.wait === undefined) return {}
      const revision = ends.at(-1)?.revision ?? (await readHead(deps.db)).head
      return waitFor(deps, revision, caller)
    },
  }
}

async function waitFor(
  deps: ControlDeps,
  revision: number,
  caller: Waiter['caller'],
): Promise<SettledObject> {
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
