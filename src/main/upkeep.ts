// What a process with a control plane sees to besides answering: housekeeping, the links of the audit, and where the audit is sent.

import { createAuditSeal } from './audit-seal.ts'
import { openAuditSink } from './audit-sink.ts'
import { createHousekeeping } from './housekeeping.ts'
import type { Parts } from './parts.ts'

/** Runs until the drain. */
export function startUpkeep({ config, core, log, metrics, drain, inForce }: Parts): void {
  const table = () => inForce.current().table
  const { auditRetentionMs: auditKeptMs, auditSink } = config.settings.control
  const sessionIdleMs = config.settings.hub?.sessions.idleMs ?? null
  const housekeeping = createHousekeeping({
    ...{ db: core.db, table, auditKeptMs, sessionIdleMs, log, metrics },
  })
  drain.last('housekeeping', () => housekeeping.stop())
  const seal = createAuditSeal({ db: core.db, log })
  drain.last('audit', () => seal.stop())
  metrics.gauge(
    'latchkey_audit_unlinked_seconds',
    'For how long the oldest entry of the audit behind its chain has had no link',
    () => instanceOf(seal.unlinkedSeconds()),
    'max',
  )
  if (auditSink !== null) {
    const sink = openAuditSink(auditSink, { db: core.db, instanceId: core.instanceId, log, metrics })
    drain.last('audit sink', () => sink.stop())
  }
}

/** Nothing where it is not known. */
function instanceOf(value: number | undefined): Readonly<Record<string, number>> {
  return value === undefined ? {} : { instance: value }
}
