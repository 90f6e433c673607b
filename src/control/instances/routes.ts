// The processes that serve, and how far each has come.

import { type Static, Type } from 'typebox'
import { readHead } from '../../store/change-table.ts'
import { degradedReasons, type InstanceView } from '../../store/instance-table.ts'
import type { AdminDeps, ControlApp } from '../dependencies.ts'
import { instant } from '../instant.ts'
import { listOf, timeSchema } from '../openapi/route-doc.ts'

export const instanceSchema = Type.Object({
  id: Type.String(),
  role: Type.String(),
  host: Type.String(),
  pid: Type.Integer(),
  version: Type.String(),
  started_at: timeSchema,
  applied_revision: Type.Integer({ description: '-1: none yet' }),
  last_seen_at: timeSchema,
  clock_offset_ms: Type.Union([Type.Integer(), Type.Null()], {
    description: "How far its clock is behind the database's; negative: ahead; null: not known",
  }),
  behind: Type.Integer({ description: 'Changes that it has not applied' }),
  table_sha256: Type.Union([Type.String(), Type.Null()], {
    description: 'Of its table in force; null: it has none yet, or is of an earlier version',
  }),
  postgres: Type.Enum(['up', 'silent'], {
    description: '`silent`: for 5 s it has not been heard of there: it is gone, or does not reach it',
  }),
  redis: Type.Union([Type.Enum(['up', 'degraded', 'down', 'none']), Type.Null()], {
    description: 'As it sees it; `none`: it uses none; null: it is of an earlier version',
  }),
  degraded: Type.Union(
    [
      Type.Array(
        Type.Object({
          reason: Type.Enum([...degradedReasons]),
          detail: Type.Union([Type.String(), Type.Null()]),
        }),
      ),
      Type.Null(),
    ],
    { description: 'Why it does less than it should; null: it is of an earlier version' },
  ),
  cache_keys: Type.Array(Type.String(), {
    description: 'Fingerprints of its cache keys, the one that it writes with first; none: it uses no Redis',
  }),
})

const doc = {
  summary: 'The processes that serve, and how far each has come',
  status: 200,
  answer: listOf(instanceSchema),
  errors: ['STORE_UNAVAILABLE'],
} as const

export function serveInstances(app: ControlApp, deps: AdminDeps): void {
  app.get('/instances', { config: { doc } }, async () => {
    const [instances, { head }] = await Promise.all([deps.instances(), readHead(deps.db)])
    const nowMs = deps.now()
    const data = instances.map(
      (instance): Static<typeof instanceSchema> => ({
        id: instance.id,
        role: instance.role,
        host: instance.host,
        pid: instance.pid,
        version: instance.version,
        started_at: instant(instance.startedAtMs),
        applied_revision: instance.appliedRevision,
        last_seen_at: instant(instance.lastSeenAtMs),
        clock_offset_ms: instance.clockOffsetMs,
        behind: behindOf(instance, head),
        table_sha256: instance.state?.tableSha256 ?? null,
        postgres: isSilent(instance, nowMs) ? 'silent' : 'up',
        redis: instance.state?.redis ?? null,
        degraded: instance.state === null ? null : [...instance.state.degraded],
        cache_keys: [...instance.cacheKeys],
      }),
    )
    return { data, next_cursor: null }
  })
}

/** Ten polls. */
const silentAfterMs = 5_000

/** Whether nothing was heard of it for longer than any poll takes. */
export function isSilent({ lastSeenAtMs }: Pick<InstanceView, 'lastSeenAtMs'>, nowMs: number): boolean {
  return nowMs - lastSeenAtMs > silentAfterMs
}

/** How many changes it has not applied, as far as is known. */
export function behindOf({ appliedRevision }: Pick<InstanceView, 'appliedRevision'>, head: number): number {
  return Math.max(0, head - Math.max(0, appliedRevision))
}
