// Copies the audit to where others keep it, entry by entry as the chain has them, with the digest of each link: so what is
// changed here later shows there. One process at a time does; where it stopped is kept in the database. What was sent and not
// recorded is sent again, and nothing is passed over: a sink that refuses is asked again for as long as it takes.

import {
  endSinkLease,
  holdSink,
  moveSink,
  readForSink,
  type SinkEntry,
  sinkLagSeconds,
} from '../../../store/audit/audit-sink-table.ts'
import type { Postgres } from '../../../store/postgres.ts'
import { explainFailure } from '../../../store/refusals.ts'
import { everything } from '../../../store/scope.ts'
import { delayAfter, type Schedule } from '../../webhooks/send/schedule.ts'
import { entryObject } from '../routes.ts'

export interface SendResult {
  /** null: it was taken; else a word. */
  readonly error: string | null
  /** It takes less at once. */
  readonly isTooLarge?: boolean
  readonly retryAfterMs?: number | undefined
}

/** Hands a batch of JSON Lines over. Never rejects; `signal` ends it early. */
export type SendBatch = (body: string, signal: AbortSignal) => Promise<SendResult>

export interface SinkDeps {
  readonly db: Postgres
  /** Who copies, among all processes. */
  readonly holder: string
  readonly send: SendBatch
  /** Longer than one batch takes. */
  readonly leaseMs: number
  /** From 0 to 1. */
  readonly random: () => number
  readonly log: {
    info(details: object, message: string): void
    warn(details: object, message: string): void
  }
  readonly everyMs?: number
  readonly delaysMs?: Schedule['delaysMs']
}

export interface Sink {
  /** Age of the oldest entry that is not taken, in seconds, as last seen; undefined: not asked yet. */
  lagSeconds(): number | undefined
  counts(): { readonly taken: number; readonly failed: number }
  /** Ends what is under way; another one may go on at once. */
  stop(): Promise<void>
}

const second = 1_000
const standardDelaysMs = [second, 2 * second, 5 * second, 15 * second, 30 * second, 60 * second]
const mostEntries = 500
const mostBytes = 1024 * 1024

export function createSink(deps: SinkDeps): Sink {
  const { db, holder, send, leaseMs, log, everyMs = second, delaysMs = standardDelaysMs } = deps
  const aborter = new AbortController()
  let isStopped = false
  const isOver = () => isStopped
  let running: Promise<void> | undefined
  let lag: number | undefined
  let taken = 0
  let failed = 0
  let failures = 0
  let told = ''
  let triesAt = Number.NEGATIVE_INFINITY
  let atOnce = mostEntries
  let hasFailed = false

  /** Whether there may be more. */
  async function copyNext(): Promise<boolean> {
    const from = await holdSink(db, holder, leaseMs)
    if (from === undefined) return false
    const entries = await readForSink(db, from, atOnce)
    const batch = batchOf(entries)
    if (batch === undefined) return false
    if (batch.count > 0) {
      const result = await send(batch.text, aborter.signal)
      if (result.error !== null) return refused(result, batch.count)
    }
    if (!(await moveSink(db, { holder, from, to: batch.last }))) return false
    if (failures > 0) log.info({ seq: batch.last }, 'The audit is copied again')
    failures = 0
    told = ''
    taken += batch.count
    // Of large entries no more are read than are sent.
    atOnce = batch.isCut ? batch.size : Math.min(mostEntries, atOnce * 2)
    return true
  }

  function refused({ error, isTooLarge = false, retryAfterMs }: SendResult, count: number): false {
    if (isOver()) return false
    failures += 1
    failed += 1
    if (isTooLarge) atOnce = Math.max(1, count >> 1)
    const delayMs = delayAfter({ delaysMs, giveUpMs: 0, disableMs: 0 }, failures, {
      random: deps.random(),
      retryAfterMs,
    })
    triesAt = performance.now() + delayMs
    // Said once for each reason: how long it lasts the metric says.
    if (told !== error)
      log.warn({ failure: error }, 'The audit is not copied: the sink does not take it; it is tried again')
    told = error ?? ''
    return false
  }

  async function round(): Promise<void> {
    while (!isOver() && performance.now() >= triesAt && (await copyNext()));
    lag = await sinkLagSeconds(db)
  }

  async function tryRound(): Promise<void> {
    try {
      await round()
      hasFailed = false
    } catch (error) {
      // Said once: while the database is away others say it often enough.
      if (!hasFailed)
        log.warn({ reason: explainFailure(error) }, 'The audit is not copied; it is tried again')
      hasFailed = true
    }
  }

  const begin = () => {
    running ??= tryRound().finally(() => {
      running = undefined
    })
  }
  const timer = setInterval(begin, everyMs).unref()
  return {
    lagSeconds: () => lag,
    counts: () => ({ taken, failed }),
    async stop() {
      isStopped = true
      clearInterval(timer)
      aborter.abort()
      await running
      await endSinkLease(db, holder).catch(() => undefined)
    },
  }
}

interface Batch {
  readonly text: string
  /** How many entries it has: those that are kept no longer are passed by. */
  readonly count: number
  /** The last link in it, and how many there are. */
  readonly last: number
  readonly size: number
  /** There were more than fit. */
  readonly isCut: boolean
}

/** As many as fit, one at least; undefined: there is none. */
function batchOf(entries: readonly SinkEntry[]): Batch | undefined {
  let batch: Batch | undefined
  let bytes = 0
  for (const one of entries) {
    const line = one.entry === null ? '' : lineOf(one, one.entry)
    bytes += Buffer.byteLength(line)
    if (batch !== undefined && bytes > mostBytes) return { ...batch, isCut: true }
    const count = (batch?.count ?? 0) + (line === '' ? 0 : 1)
    const size = (batch?.size ?? 0) + 1
    batch = { text: (batch?.text ?? '') + line, count, last: one.seq, size, isCut: false }
  }
  return batch
}

const reader = { scope: everything, tokenId: null }

/** An entry as GET /audit has it, and its link. */
function lineOf({ seq, sha256 }: SinkEntry, entry: NonNullable<SinkEntry['entry']>): string {
  return `${JSON.stringify({ seq, sha256, ...entryObject(entry, reader) })}\n`
}
