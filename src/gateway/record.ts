// What is left of a request: one line in the access log, a count in the metrics, one in the activity. Called once,
// when the response is closed, however it came to that. Nothing of what the client wrote is repeated but a request id
// from a trusted proxy: no target, no header, no body.

import { performance } from 'node:perf_hooks'
import type { Route } from '../config/compiled.ts'
import type { Logger } from '../telemetry/log.ts'
import type { Metrics } from '../telemetry/metrics.ts'
import type { Access } from './access.ts'
import type { ActivityRecorder } from './activity.ts'

export interface RecorderDeps {
  readonly log: Logger
  readonly metrics: Metrics
  readonly activity: ActivityRecorder
}

/** Makes the recorder. */
export function createRecorder(deps: RecorderDeps): (access: Access) => void {
  return (access) => {
    const { denial, environment, host, principal, route } = access
    const totalMs = performance.now() - access.startedAt
    const gatewayMs = totalMs - (access.upstreamMs ?? 0)
    const labels = {
      api: host?.api.name ?? '',
      environment: environment?.name ?? '',
      route: route === undefined ? '' : `${route.method} ${route.template}`,
      decision: denial === undefined ? 'allow' : 'deny',
      reason: denial === undefined ? '' : denial.reason,
      status: access.status,
    }
    deps.metrics.request({ ...labels, gatewayMs, upstreamMs: access.upstreamMs })
    deps.activity.count(access)
    deps.log.info(
      {
        request_id: access.requestId,
        client: access.client,
        merchant: principal?.record.merchantId,
        key_id: principal?.record.keyId,
        ...labels,
        code: denial?.code,
        ...(route !== undefined && requiredBy(route)),
        lookup: access.tier,
        upstream_ms: access.upstreamMs === undefined ? undefined : rounded(access.upstreamMs),
        gateway_ms: rounded(gatewayMs),
        cut: access.isCut || access.status === 0 ? true : undefined,
        table: access.table.sha256,
        failure: access.failure instanceof Error ? access.failure.stack : undefined,
      },
      'request',
    )
  }
}

/** What replays a log against another table needs; what the key holds is not logged. */
function requiredBy({ requirement }: Route): {
  readonly required: readonly string[]
  readonly match?: 'any'
} {
  if (requirement.kind === 'public') return { required: [] }
  const { kind, permissions } = requirement
  return { required: permissions, ...(kind === 'any' && { match: 'any' }) }
}

/** Microseconds are enough. */
function rounded(milliseconds: number): number {
  return Math.round(milliseconds * 1000) / 1000
}
