// The processes that serve, and how far each has come.

import type { AdminDeps, ControlApp } from '../dependencies.ts'
import { instant } from '../instant.ts'

export function serveInstances(app: ControlApp, deps: AdminDeps): void {
  app.get('/instances', async () => {
    const instances = await deps.instances()
    const data = instances.map((instance) => ({
      id: instance.id,
      role: instance.role,
      host: instance.host,
      pid: instance.pid,
      version: instance.version,
      started_at: instant(instance.startedAtMs),
      applied_revision: instance.appliedRevision,
      last_seen_at: instant(instance.lastSeenAtMs),
    }))
    return { data, next_cursor: null }
  })
}
