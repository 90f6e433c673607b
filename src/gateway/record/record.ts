// What is left of a request: one line in the access log, a count in the metrics, one in the activity. Called once,
// when the response is closed, however it came to that. Of what the client wrote there is the method; host and path, masked
// and cut, where nothing else tells them (seen.ts); and ids of a known form. No query, no other header, no body.

import { performance } from 'node:perf_hooks'
import type { LogPaths } from '../../config/log-schema.ts'
import type { TokenPart } from '../../credentials/record.ts'
import type { Outside } from '../../decision/principal.ts'
import { asciiJson, type LineLog } from '../../telemetry/log.ts'
import type { Metrics } from '../../telemetry/metrics.ts'
import type { Access } from '../access.ts'
import type { ActivityRecorder } from './activity.ts'
import type { AddressRecorder } from './addresses.ts'
import type { RequestKeeper } from './kept-requests.ts'
import type { LiveSource } from './live-source.ts'
import { createOutcomes, type Outcome } from './outcome.ts'
import { keyHintField, placeFields, traceField } from './seen.ts'
import { InvalidAnswer } from '../upstream/answer-head.ts'

export interface RecorderDeps {
  readonly lines: LineLog
  readonly metrics: Metrics
  readonly activity: ActivityRecorder
  readonly addresses: AddressRecorder
  readonly requests: RequestKeeper
  readonly live: LiveSource
  /** Of which requests the line has the path. */
  readonly logPaths: () => LogPaths
}

/** Makes the recorder. */
export function createRecorder({
  lines,
  metrics,
  activity,
  addresses,
  requests,
  live,
  logPaths,
}: RecorderDeps): (access: Access) => void {
  const outcomes = createOutcomes(metrics)
  return (access) => {
    const gatewayMs = partTime(access, performance.now())
    const outcome = outcomes.of(access)
    outcome.series.observe(gatewayMs, access.upstreamMs, access.clientMs)
    activity.count(access, gatewayMs)
    addresses.note(access)
    if (outcome.kept !== 'none') requests.take(access, outcome, gatewayMs)
    if (live.isWanted) live.take(access, outcome, gatewayMs)
    lines(lineOf(access, outcome, { gatewayMs, paths: logPaths() }))
  }
}

/** What of the whole time is nobody else's is ours. Closes what still runs. */
function partTime(access: Access, now: number): number {
  if (access.clientSince > 0) access.clientMs += now - access.clientSince
  if (access.heldSince > 0) access.heldMs = now - access.heldSince
  const others = (access.upstreamMs ?? 0) + access.clientMs + access.heldMs
  return Math.max(0, now - access.startedAt - others)
}

interface Told {
  readonly gatewayMs: number
  readonly paths: LogPaths
}

/** The fields of the line, as ASCII JSON without braces. What is not JSON text already is written as such by its own kind. */
function lineOf(access: Access, outcome: Outcome, { gatewayMs, paths }: Told): string {
  const { principal, tier, upstreamMs, clientMs, heldMs, cut, failure } = access
  let line = `"request_id":"${access.requestId}","client":"${access.client}"${access.tls},"method":"${access.method}"`
  if (principal !== undefined) {
    const { merchantId, keyId, token } = principal.record
    line += `,"merchant":${quoted(merchantId)},"key_id":${quoted(keyId)}`
    if (token !== null)
      line += principal.outside === undefined ? tokenFields(keyId, token) : outsideFields(principal.outside)
  }
  line += outcome.fields
  if (access.route === undefined || paths === 'all') line += placeFields(access, paths)
  if (outcome.decision === 'deny') line += keyHintField(access)
  if (access.use?.quota !== undefined) line += `,"limit":"${access.use.quota.name}"`
  if (access.spent?.limit !== undefined) line += `,"limit":"${access.spent.limit.name}"`
  if (access.upstream !== undefined) line += `,"upstream":"${access.upstream}"`
  if (tier !== undefined) line += `,"lookup":"${tier}"`
  if (upstreamMs !== undefined) line += `,"upstream_ms":${toMicroseconds(upstreamMs)}`
  line += `,"gateway_ms":${toMicroseconds(gatewayMs)}`
  if (clientMs > 0) line += `,"client_ms":${toMicroseconds(clientMs)}`
  if (heldMs > 0) line += `,"held_ms":${toMicroseconds(heldMs)}`
  if (cut !== undefined) line += `,"cut":"${cut}"`
  line += `,"bytes":${access.bytes}`
  if (access.head.traceParent !== '') line += traceField(access.head.traceParent)
  line += `,"table":"${access.table.sha256}"`
  if (failure instanceof Error) line += `,"failure":${asciiJson(textOf(failure))}`
  return line
}

/** Where it was thrown tells something of faults of ours; of what others did, what they did. */
function textOf(failure: Error): string {
  if (failure instanceof InvalidAnswer) return failure.message
  if ('code' in failure && typeof failure.code === 'string') return `${failure.code}: ${failure.message}`
  return failure.stack ?? failure.message
}

/** Whose token it was, behind a comma. */
function tokenFields(clientId: string, { id, userId }: TokenPart): string {
  const client = `,"client_id":${quoted(clientId)},"token_id":${quoted(id)}`
  return userId === null ? client : `${client},"user_id":${quoted(userId)}`
}

/** Whose token it was, where an outside issuer says so: a person by a digest alone, as it may be called there by its address. */
function outsideFields({ id, issuer, subjectId }: Outside): string {
  const said = `,"issuer":${asciiJson(issuer)},"token_id":${quoted(id)}`
  return subjectId === null ? said : `${said},"subject":${quoted(subjectId)}`
}

/** An id as JSON. Ours hold nothing that would have to be escaped. */
function quoted(id: string): string {
  return /^[A-Za-z0-9_]*$/.test(id) ? `"${id}"` : asciiJson(id)
}

/** `.000` to `.999`, and nothing for whole ones. */
const fractions = Array.from({ length: 1_000 }, (_, i) => (i === 0 ? '' : `.${String(i).padStart(3, '0')}`))

/** Milliseconds to three places, as a JSON number: put together from whole ones, which V8 has the text of. */
function toMicroseconds(milliseconds: number): string {
  const all = Math.round(milliseconds * 1_000)
  const rest = all % 1_000
  return `${(all - rest) / 1_000}${fractions[rest] ?? ''}`
}
