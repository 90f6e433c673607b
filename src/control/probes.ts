// What machines ask the process itself: no token, no secret in the answers.

import type { ControlApp, ControlDeps } from './dependencies.ts'

/** GET /livez, /readyz, /metrics. */
export function serveProbes(app: ControlApp, deps: ControlDeps): void {
  app.get('/livez', () => ({ status: 'ok' }))

  app.get('/readyz', (_request, reply) => {
    const health = deps.health()
    return reply.code(health.isReady ? 200 : 503).send({
      status: health.status,
      table_sha256: health.tableSha256,
      postgres: health.postgres,
      redis: health.redis,
      applied_revision: health.appliedRevision,
      ...(health.configFault !== undefined && { config_fault: health.configFault }),
      ...(health.denied !== undefined && { deny: health.denied }),
      ...(health.denyFault !== undefined && { deny_fault: health.denyFault }),
    })
  })

  app.get('/metrics', async (_request, reply) =>
    reply.type(deps.metricsContentType).send(await deps.metrics()),
  )
}
