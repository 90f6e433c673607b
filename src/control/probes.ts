// What machines ask the process itself: no token, no secret in the answers.

import { type TSchema, Type } from 'typebox'
import type { ControlApp, ControlDeps } from './dependencies.ts'
import type { RouteDoc } from './openapi/route-doc.ts'

const nullable = <Schema extends TSchema>(schema: Schema) => Type.Union([schema, Type.Null()])

const docs = {
  live: { summary: 'The process runs', status: 200, answer: Type.Object({ status: Type.Literal('ok') }) },
  ready: {
    summary:
      'Whether known keys can be decided: 503 before the first table and feed are there, where Postgres refuses this instance, while draining, and where no worker serves or the port of the gateway does not answer',
    status: [200, 503],
    answer: Type.Object({
      status: Type.Enum(['ok', 'degraded']),
      table_sha256: nullable(Type.String()),
      postgres: Type.String({ description: 'up, down or refused' }),
      postgres_fault: Type.Optional(
        Type.String({ description: 'Why Postgres refuses this instance, and the setting that mends it' }),
      ),
      redis: Type.String(),
      applied_revision: nullable(Type.Integer()),
      clock_offset_ms: Type.Optional(
        Type.Integer({
          description: "How far this machine's clock is behind the database's; negative: ahead",
        }),
      ),
      cache_key: Type.Optional(
        Type.Literal('apart', { description: 'Instances have different cache keys: see docs/operations.md' }),
      ),
      config_fault: Type.Optional(Type.String({ description: 'Why the file on disk is not in force' })),
      deny: Type.Optional(
        Type.Record(Type.String(), Type.Integer(), { description: 'Entries of the emergency stop, by kind' }),
      ),
      deny_fault: Type.Optional(Type.String({ description: 'Why the deny file on disk is not in force' })),
      certificates: Type.Optional(
        Type.Array(Type.String(), {
          description:
            'Certificates that end soon, do not fit the hosts, or are not in force as they are on disk, each with its file',
        }),
      ),
      log: Type.Optional(
        Type.Literal('dropping', { description: 'The log cannot be written, and lines of it are lost' }),
      ),
      workers: Type.Optional(
        Type.Object(
          { wanted: Type.Integer(), serving: Type.Integer() },
          { description: 'With --workers: how many there should be, and how many serve' },
        ),
      ),
      upstreams: Type.Optional(
        Type.Record(Type.String(), Type.Object({ targets: Type.Integer(), available: Type.Integer() }), {
          description:
            'Of upstreams with several targets, or with checks: how many targets there are, and how many get requests; of the process that sees fewest',
        }),
      ),
      gateway: Type.Optional(
        Type.Literal('silent', { description: 'The port of the gateway does not answer the process itself' }),
      ),
    }),
  },
  metrics: { summary: "Metrics in Prometheus' text format", status: 200, answer: 'text/plain' },
} as const satisfies Record<string, RouteDoc>

/** GET /livez: under any name, as it says nothing. */
export function serveLiveness(app: ControlApp): void {
  app.get('/livez', { config: { doc: docs.live } }, () => ({ status: 'ok' }))
}

/** GET /readyz, /metrics. */
export function serveProbes(app: ControlApp, deps: ControlDeps): void {
  app.get('/readyz', { config: { doc: docs.ready } }, (_request, reply) => {
    const health = deps.health()
    return reply.code(health.isReady ? 200 : 503).send({
      status: health.status,
      table_sha256: health.tableSha256,
      postgres: health.postgres,
      ...(health.postgresFault !== undefined && { postgres_fault: health.postgresFault }),
      redis: health.redis,
      applied_revision: health.appliedRevision,
      ...(health.clockOffsetMs !== undefined && { clock_offset_ms: health.clockOffsetMs }),
      ...(health.cacheKey !== undefined && { cache_key: health.cacheKey }),
      ...(health.configFault !== undefined && { config_fault: health.configFault }),
      ...(health.denied !== undefined && { deny: health.denied }),
      ...(health.denyFault !== undefined && { deny_fault: health.denyFault }),
      ...(health.certificates !== undefined &&
        health.certificates.length > 0 && { certificates: health.certificates }),
      ...(health.log !== undefined && { log: health.log }),
      ...(health.workers !== undefined && { workers: health.workers }),
      ...(health.upstreams !== undefined &&
        Object.keys(health.upstreams).length > 0 && { upstreams: health.upstreams }),
      ...(health.gateway !== undefined && { gateway: health.gateway }),
    })
  })

  app.get('/metrics', { config: { doc: docs.metrics } }, async (_request, reply) =>
    reply.type(deps.metricsContentType).send(await deps.metrics()),
  )
}
