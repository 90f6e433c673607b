// Where the audit is copied to, as configured: the sink itself, and what is told of it.

import { readFileSync } from 'node:fs'
import type { AuditSink } from '../config/compiled.ts'
import { whyUnreadable } from '../config/file-fault.ts'
import { createFileSink } from '../control/audit/sink/file-sink.ts'
import { createHttpSink } from '../control/audit/sink/http-sink.ts'
import { createSink, type SendBatch } from '../control/audit/sink/sink.ts'
import type { Postgres } from '../store/postgres.ts'
import type { Logger } from '../telemetry/log.ts'
import type { Metrics } from '../telemetry/metrics.ts'
import { StartError } from './start-error.ts'

export interface AuditSinkDeps {
  readonly db: Postgres
  readonly instanceId: string
  readonly log: Logger
  readonly metrics: Pick<Metrics, 'gauge' | 'counter'>
}

/** Of what a batch takes beside its POST. */
const leaseRestMs = 30_000
const fileMs = 30_000

/** Throws a StartError where the bundle of authorities cannot be read. */
export function openAuditSink(settings: AuditSink, deps: AuditSinkDeps): { stop(): Promise<void> } {
  const { db, instanceId: holder, log, metrics } = deps
  const forMs = settings.kind === 'file' ? fileMs : settings.timeoutMs
  const sink = createSink({
    ...{ db, holder, log, send: senderOf(settings), leaseMs: forMs + leaseRestMs, random: Math.random },
  })
  metrics.gauge(
    'latchkey_audit_sink_lag_seconds',
    'Age of the oldest entry of the audit that its sink has not taken',
    () => {
      const lag = sink.lagSeconds()
      return lag === undefined ? {} : { sink: lag }
    },
    'max',
  )
  metrics.counter(
    'latchkey_audit_sink_entries_total',
    'Entries of the audit that its sink has taken from this process',
    () => sink.counts().taken,
  )
  metrics.counter(
    'latchkey_audit_sink_failures_total',
    'Batches of the audit that its sink did not take; they are sent again',
    () => sink.counts().failed,
  )
  return sink
}

function senderOf(settings: AuditSink): SendBatch {
  if (settings.kind === 'file') return createFileSink(settings.path)
  const { url, headers, caFile, timeoutMs } = settings
  return createHttpSink({ url, headers, ca: caFile === null ? null : readBundle(caFile), timeoutMs })
}

function readBundle(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch (error) {
    throw new StartError(`control.audit_sink.ca: ${path} ${whyUnreadable(error)}`)
  }
}
