// The revision feed of one process. Two ways bring changes: Redis at once, and a poll of Postgres twice a second that
// misses nothing. Only the poll confirms: it shows that no change is unknown, so that all that is cached and was not
// moved is as in the database. Each poll says at the same time that this instance lives and how far it has come.

import { type Change, type ChangePage, readChanges, readHead, renewEpoch } from '../store/change-table.ts'
import type { InstanceBeat } from '../store/instance-table.ts'
import { readCredentials } from '../store/keys/credential-table.ts'
import type { Postgres } from '../store/postgres.ts'
import { explainFailure, type Refusal, refusalOf } from '../store/refusals.ts'
import type { Logger } from '../telemetry/log.ts'
import type { Changes } from './changes.ts'
import type { ClockSample } from './database-clock.ts'
import type { ScopeRecord } from './redis-format.ts'
import type { Verdict } from './redis-scope.ts'

export interface Feed {
  /** Polls once and goes on polling; resolves after the first try, whether it succeeded or not. */
  start(): Promise<void>
  /** Resolves when no poll is under way any more. */
  stop(): Promise<void>
  /** Polls at once, or again right after the poll that is under way. */
  kick(): void
  /** Resolves after a poll that began after the call, whether it succeeded or not. */
  refresh(): Promise<void>
  /** A change heard of through Redis, of the epoch it belongs to. */
  hear(epoch: string, change: Change): void
  /** Monotonic milliseconds of the last confirmation; -Infinity: none yet. */
  confirmedAt(): number
  /** Whether the last try to reach Postgres failed. */
  isAway(): boolean
  /** What the last try was refused with; undefined: it succeeded, or nobody answered. */
  refusal(): Refusal | undefined
}

/** What is compared with the database at each poll (redis-scope.ts). */
export interface FeedCompares {
  /** How far somebody has seen this database come; undefined: not known. Read before each poll. */
  read(): Promise<ScopeRecord | undefined>
  /** What the poll says of that; not called where they contradict each other, which ends in a new epoch. */
  judged(record: ScopeRecord, verdict: Verdict): void
}

export interface FeedDeps {
  readonly db: Postgres
  readonly changes: Changes
  /** What it says of itself, asked anew each time. */
  readonly instance: () => Omit<InstanceBeat, 'appliedRevision' | 'epoch'>
  readonly monotonicNow: () => number
  /** Wall-clock milliseconds of this machine. */
  readonly wallNow: () => number
  readonly log: Logger
  /** Told after each poll and each change from Redis: this instance has come further, or lives. */
  readonly applied: (isConfirmed: boolean) => void
  /** Told of each answer: which installation the database is, and its clock. */
  readonly met?: (installation: string, clock: ClockSample) => void
  readonly compares?: FeedCompares
  /** Told after each poll, whether it has confirmed or not. */
  readonly polled?: (isConfirmed: boolean) => void
}

const pollEveryMs = 500
/** Full service is to be back soon after Postgres is, and a try may have to time out first. */
const retryEveryMs = 250
const pageSize = 1_000
/** Changes before the start that are read too, so that what Redis still holds from then can be judged. */
const historyAtStart = 20_000

/** Makes the feed; it does nothing before `start`. */
export function createFeed(deps: FeedDeps): Feed {
  const { changes } = deps
  let confirmedAt = Number.NEGATIVE_INFINITY
  let isAway = false
  let refusal: Refusal | undefined
  /** What was said already since the last success. */
  const told = new Set<string>()
  let isStopped = false
  let isKicked = false
  let running: Promise<void> | undefined
  let timer: NodeJS.Timeout | undefined

  async function poll(): Promise<void> {
    let startedAt = deps.monotonicNow()
    try {
      const record = await deps.compares?.read()
      startedAt = deps.monotonicNow()
      await catchUp({ ...deps, isStopped: () => isStopped, record })
      confirmedAt = startedAt
      if (isAway) deps.log.info('Postgres is back')
      isAway = false
      refusal = undefined
      told.clear()
    } catch (error) {
      isAway = true
      refusal = refusalOf(error)
      tell(error)
    }
    if (isStopped) return
    deps.applied(!isAway)
    deps.polled?.(!isAway)
  }

  /** Each kind of refusal once, and that nobody answers once, until Postgres is back. */
  function tell(error: unknown): void {
    const kind = refusal?.code ?? 'away'
    if (told.has(kind)) return
    told.add(kind)
    const reason = explainFailure(error)
    if (refusal !== undefined) deps.log.error({ reason }, 'Postgres refuses this instance')
    else deps.log.warn({ reason }, 'Postgres cannot be reached; known keys go on')
  }

  /** One poll at a time; a kick meanwhile makes one more. */
  function run(): Promise<void> {
    if (running !== undefined) {
      isKicked = true
      return running
    }
    clearTimeout(timer)
    running = poll().finally(() => {
      running = undefined
      if (isStopped) return
      const wait = isKicked ? 0 : isAway ? retryEveryMs : pollEveryMs
      isKicked = false
      timer = setTimeout(() => void run(), wait)
    })
    return running
  }

  return {
    start: run,
    async stop() {
      isStopped = true
      clearTimeout(timer)
      await running
    },
    kick() {
      if (!isStopped) void run()
    },
    async refresh() {
      await running
      if (!isStopped) await run()
    },
    hear(epoch, change) {
      const ask = () => void (isStopped || run())
      if (epoch !== changes.epoch && changes.epoch !== undefined) return ask()
      if (change.revision === changes.applied + 1) changes.apply([change])
      else if (change.revision > changes.applied) {
        // Something between was missed: what this one touches is moved at once, the rest comes with a poll.
        changes.hear(change, epoch)
        ask()
      }
      if (!isStopped) deps.applied(false)
    },
    confirmedAt: () => confirmedAt,
    isAway: () => isAway,
    refusal: () => refusal,
  }
}

/** Reads page after page until nothing is left; starts over where what was missed cannot be told. */
async function catchUp(deps: PollDeps): Promise<void> {
  const { changes, record } = deps
  if (changes.epoch === undefined) await begin(deps)
  while (!deps.isStopped()) {
    // Messages may take `applied` further while the answer is on its way: it is judged by what was asked.
    const { applied: after, stamp } = changes
    const page = await readPage(deps, after, pageSize)
    if (page.epoch !== changes.epoch) {
      deps.log.warn({ head: page.head, applied: after }, 'The database has another history; starting over')
      changes.restart(page.epoch, page.head)
      continue
    }
    if (hasGoneBack(page, after, stamp) || contradicts(page, record)) {
      deps.log.warn(
        { head: page.head, applied: after, seen: record?.revision },
        'The database went back in time; it gets a new epoch',
      )
      await renewEpoch(deps.db, page.epoch)
      continue
    }
    if (page.head === after) {
      judge(deps, page)
      if (page.anchor !== null && changes.applied === after) changes.pin(page.anchor)
      return
    }
    if (page.changes[0]?.revision !== after + 1) {
      deps.log.warn({ head: page.head, applied: after }, 'Changes were missed; starting over')
      changes.restart(page.epoch, Math.max(page.head, changes.applied))
      continue
    }
    changes.apply(page.changes)
  }
}

/** Whether the same database is at an earlier point, or has come from there by other changes. */
function hasGoneBack(page: ChangePage, after: number, stamp: number | undefined): boolean {
  if (page.head < after) return true
  return page.anchor !== null && stamp !== undefined && page.anchor !== stamp
}

type PollDeps = FeedDeps & {
  readonly isStopped: () => boolean
  /** As read before the poll. */
  readonly record: ScopeRecord | undefined
}

async function readPage(deps: PollDeps, after: number, limit: number): Promise<ChangePage> {
  const askedAtMs = deps.wallNow()
  const beat = beatOf(deps)
  const page = await readChanges(deps.db, { after, limit, beat, compare: deps.record?.revision })
  deps.met?.(page.installation, { askedAtMs, answeredAtMs: deps.wallNow(), databaseMs: page.atMs })
  return page
}

/** Whether somebody has seen this very database further than it is, or with another change at the same revision. */
function contradicts(page: ChangePage, record: ScopeRecord | undefined): boolean {
  if (record === undefined || record.epoch !== page.epoch) return false
  if (record.revision > page.head) return true
  return record.stamp !== null && page.compared !== null && record.stamp !== page.compared
}

function judge({ record, compares }: PollDeps, page: ChangePage): void {
  if (record === undefined) return
  const isCompared = record.revision === 0 || (record.stamp !== null && page.compared !== null)
  compares?.judged(record, record.epoch !== page.epoch ? 'other' : isCompared ? 'same' : 'unknown')
}

/** The first contact: begins a little in the past, as far as the outbox reaches. */
async function begin(deps: PollDeps): Promise<void> {
  const { epoch, head } = await readHead(deps.db)
  // What look-ups ask is asked once for nothing: rights or columns that it lacks are told before a key needs them.
  await readCredentials(deps.db, [])
  const from = Math.max(0, head - historyAtStart)
  const first = await readPage(deps, from, 1)
  const oldest = first.changes[0]?.revision
  deps.changes.restart(epoch, oldest === undefined ? head : oldest - 1)
}

function beatOf(deps: FeedDeps): InstanceBeat {
  return { ...deps.instance(), appliedRevision: deps.changes.applied, epoch: deps.changes.epoch ?? null }
}
