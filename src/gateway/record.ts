// What is left of a request: one line in the access log, a count in the metrics, one in the activity. Called once,
// when the response is closed, however it came to that. Nothing of what the client wrote is repeated but a request id
// from a trusted proxy: no target, no header, no body.

import { performance } from 'node:perf_hooks'
import type { LineLog } from '../telemetry/log.ts'
import type { Metrics } from '../telemetry/metrics.ts'
import type { Access } from './access.ts'
import type { ActivityRecorder } from './activity.ts'
import { createOutcomes } from './outcome.ts'

export interface RecorderDeps {
  readonly lines: LineLog
  readonly metrics: Metrics
  readonly activity: ActivityRecorder
}

/** Makes the recorder. */
export function createRecorder({ lines, metrics, activity }: RecorderDeps): (access: Access) => void {
  const outcomes = createOutcomes(metrics)
  return (access) => {
    const totalMs = performance.now() - access.startedAt
    const gatewayMs = totalMs - (access.upstreamMs ?? 0) - access.heldMs
    const outcome = outcomes.of(access)
    outcome.series.observe(gatewayMs, access.upstreamMs)
    activity.count(access)
    lines(lineOf(access, outcome.fields, gatewayMs))
  }
}

/** The fields of the line, as JSON without braces. What is not JSON text already is written as such by its own kind. */
function lineOf(access: Access, outcome: string, gatewayMs: number): string {
  const { principal, tier, upstreamMs, failure } = access
  let line = `"request_id":"${access.requestId}","client":"${access.client}"`
  if (principal !== undefined) {
    const { merchantId, keyId } = principal.record
    line += `,"merchant":${JSON.stringify(merchantId)},"key_id":${JSON.stringify(keyId)}`
  }
  line += outcome
  if (tier !== undefined) line += `,"lookup":"${tier}"`
  if (upstreamMs !== undefined) line += `,"upstream_ms":${rounded(upstreamMs)}`
  line += `,"gateway_ms":${rounded(gatewayMs)}`
  if (access.isCut || access.status === 0) line += ',"cut":true'
  line += `,"table":"${access.table.sha256}"`
  if (failure instanceof Error) line += `,"failure":${JSON.stringify(failure.stack ?? failure.message)}`
  return line
}

/** Microseconds are enough. */
function rounded(milliseconds: number): number {
  return Math.round(milliseconds * 1000) / 1000
}
