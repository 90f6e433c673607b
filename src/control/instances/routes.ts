// The processes that serve, and how far each has come.

import { type Static, Type } from 'typebox'
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
    const instances = await deps.instances()
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
        cache_keys: [...instance.cacheKeys],
      }),
    )
    return { data, next_cursor: null }
  })
}
