// What is to be told of what stands in the database: audit, webhooks, mails, quotas, exposed keys.

import type { Quota } from '../../config/quotas.ts'
import { findNearQuotas } from '../../store/activity/quota-warning-table.ts'
import { unlinkedSeconds } from '../../store/audit/audit-chain-table.ts'
import { sinkLagSeconds } from '../../store/audit/audit-sink-table.ts'
import {
  findEndedWebhooks,
  findExposedKeys,
  findFailingWebhooks,
  findWaitingMails,
  type FoundIds,
} from '../../store/health-table.ts'
import type { Queryable } from '../../store/postgres.ts'
import { readFigures } from '../../store/webhooks/webhook-sending-table.ts'
import { counted, secondsOf } from './instance-notes.ts'
import type { Note, NoteCode } from './note.ts'

export interface StoresAsked {
  readonly db: Queryable
  readonly hasAuditSink: boolean
  readonly quotas: readonly Quota[]
  readonly nowMs: number
}

/** As many are named of each. */
export const mostNamed = 10
const minuteMs = 60_000

/** Throws StoreUnavailableError. */
export async function storeNotes(asked: StoresAsked): Promise<readonly Note[]> {
  const parts = await Promise.all([
    auditNotes(asked),
    webhookNotes(asked),
    mailNotes(asked),
    exposureNotes(asked),
    quotaNotes(asked),
  ])
  return parts.flat()
}

async function auditNotes({ db, hasAuditSink, nowMs }: StoresAsked): Promise<Note[]> {
  const unlinked = await unlinkedSeconds(db)
  const late = hasAuditSink ? await sinkLagSeconds(db) : 0
  const sinceMs = (seconds: number) => (Number.isFinite(seconds) ? nowMs - seconds * 1_000 : null)
  const notes: Note[] = []
  if (unlinked > 60) {
    const summary = `An entry of the audit has had no link in its chain for ${toldSeconds(unlinked)}.`
    notes.push({ code: 'audit_unlinked', summary, sinceMs: sinceMs(unlinked) })
  }
  if (late > 300) {
    const summary = `The sink of the audit is ${toldSeconds(late)} behind.`
    notes.push({ code: 'audit_sink_late', summary, sinceMs: sinceMs(late) })
  }
  return notes
}

function toldSeconds(seconds: number): string {
  return Number.isFinite(seconds) ? `${secondsOf(seconds * 1_000)} s` : 'an unknown time'
}

async function webhookNotes({ db, nowMs }: StoresAsked): Promise<Note[]> {
  const [figures, failing, ended] = await Promise.all([
    readFigures(db),
    findFailingWebhooks(db, 5 * minuteMs, mostNamed),
    findEndedWebhooks(db, mostNamed),
  ])
  const doAllFail = failing.count > 1 && failing.count === figures.enabled
  const sinceMs = nowMs - figures.oldestSeconds * 1_000
  return [
    ...(figures.oldestSeconds > 300
      ? [
          {
            code: 'webhooks_late' as const,
            summary: `An event has waited for ${toldSeconds(figures.oldestSeconds)} to be told to webhooks.`,
            sinceMs,
          },
        ]
      : []),
    ...ofFound(doAllFail ? 'webhooks_all_fail' : 'webhook_failing', failing, (count) =>
      doAllFail
        ? `None of ${count} webhooks takes what it is sent.`
        : `${counted(count, 'webhook has', 'webhooks have')} not taken what was sent for five minutes or longer.`,
    ),
    ...ofFound(
      'webhook_disabled',
      ended,
      (count) => `${counted(count, 'webhook is', 'webhooks are')} not told any more.`,
    ),
  ]
}

async function mailNotes({ db }: StoresAsked): Promise<Note[]> {
  const { count, sinceMs, failure } = await findWaitingMails(db, 15 * minuteMs)
  if (count === 0) return []
  const summary = `${counted(count, 'mail has', 'mails have')} not been sent for a quarter of an hour or longer.`
  return [{ code: 'mail_waiting', summary, detail: failure, count, sinceMs }]
}

async function exposureNotes({ db }: StoresAsked): Promise<Note[]> {
  return ofFound(
    'key_exposed',
    await findExposedKeys(db, mostNamed),
    (count) => `${counted(count, 'key works', 'keys work')} whose secret was reported to stand in public.`,
  )
}

async function quotaNotes({ db, quotas, nowMs }: StoresAsked): Promise<Note[]> {
  const near = await findNearQuotas(db, { quotas, nowMs })
  const isUsedUp = (one: (typeof near)[number]) => one.count >= one.requests
  const noteOf = (code: 'quota_used_up' | 'quota_near', found: typeof near, words: string): Note[] => {
    const about = [...new Set(found.map(({ merchantId }) => merchantId))]
    return about.length === 0
      ? []
      : [{ code, summary: `${counted(about.length, 'merchant has', 'merchants have')} ${words}.`, about }]
  }
  return [
    ...noteOf('quota_used_up', near.filter(isUsedUp), 'used up a quota of this month'),
    ...noteOf(
      'quota_near',
      near.filter((one) => !isUsedUp(one)),
      'used four fifths or more of a quota of this month',
    ),
  ]
}

function ofFound(
  code: NoteCode,
  { count, ids, sinceMs }: FoundIds,
  summaryOf: (count: number) => string,
): Note[] {
  return count === 0 ? [] : [{ code, summary: summaryOf(count), about: ids, count, sinceMs }]
}
