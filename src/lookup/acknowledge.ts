// Who has applied what. Each instance says how far it has come: in Redis for speed, and with each poll in Postgres.
// A change is in force everywhere once every instance that counts has said so; one that has not is named, with the
// time by which its cached answers end on their own.

import { hostname } from 'node:os'
import { type InstanceView, listInstances, signOff, signOffAll } from '../store/instance-table.ts'
import type { Postgres } from '../store/postgres.ts'
import type { Changes } from './changes.ts'
import type { Feed } from './feed.ts'
import type { InstalledStore } from './installation.ts'
import type { Seal } from './seal.ts'
import { createShared } from './shared.ts'
import { createWords, noEpoch, type Word } from './words.ts'

export interface PendingInstance {
  readonly instance: string
  readonly appliedRevision: number
  readonly lastSeenAtMs: number
  /** Wall-clock milliseconds by which it stops using what it may have cached. */
  readonly deadByMs: number
}

export interface Acknowledgement {
  /** Says how far this instance has come. Called after each step of the feed; cheap when nothing is new. */
  say(): void
  /**
   * To be called after each poll that has confirmed. Once for each history: those that have said in Redis that they have
   * ended are signed off in Postgres, where a restored copy may count them still. Never rejects.
   */
  tidy(): Promise<void>
  /** Resolves with those that have not applied `revision`, at once when there are none, else after `timeoutMs`. */
  awaitAll(revision: number, timeoutMs: number): Promise<readonly PendingInstance[]>
  /** The instances that count, with the furthest that each has said. Rejects when Postgres is away. */
  instances(): Promise<readonly InstanceView[]>
  /** This instance leaves: it no longer counts. */
  leave(): Promise<void>
  /** Another instance has ended, its process is certainly gone: it no longer counts. false: not said, Postgres is away. */
  dismiss(id: string): Promise<boolean>
}

export interface AcknowledgementDeps {
  readonly db: Postgres
  readonly redis: { readonly store: InstalledStore; readonly seal: Seal } | null
  readonly changes: Changes
  readonly feed: Pick<Feed, 'confirmedAt' | 'kick'>
  readonly instanceId: string
  readonly now: () => number
  readonly monotonicNow: () => number
  readonly maxStaleLimitMs: () => number
}

const askRedisEveryMs = 15
/** Where there is Redis, Postgres only has to find the instances that have lost it. */
const askPostgresEveryMs = { besideRedis: 150, alone: 30 }
/** A poll may have confirmed after the beat that is on record: interval, a connection and a query that take long. */
const beatSlackMs = 6_000
/** How long a sign-off is tried while Postgres is away, and how often. */
const leaveWithinMs = 2_000
const leaveAgainMs = 200
type Counted = Pick<InstanceView, 'id' | 'appliedRevision' | 'lastSeenAtMs' | 'staleLimitMs'>

/** Makes the acknowledgement of this instance. */
export function createAcknowledgement(deps: AcknowledgementDeps): Acknowledgement {
  const { changes, redis } = deps
  const spoken = createWords(deps)
  let tidied: string | undefined
  // However many changes are waited for at once, their questions are the same: they must not take the connections that
  // other changes need.
  const registered = createShared(() => listInstances(deps.db, deps.maxStaleLimitMs(), beatSlackMs))

  function furthest(view: InstanceView, words: ReadonlyMap<string, Word>): InstanceView {
    const word = words.get(view.id)
    const applied = view.epoch === changes.epoch ? view.appliedRevision : -1
    // A word about another history says nothing of this one.
    const said = word !== undefined && word.epoch === changes.epoch ? word.applied : -1
    return { ...view, appliedRevision: Math.max(applied, said) }
  }

  /** Those that have started without Postgres, and serve what Redis has. */
  function strangers(words: ReadonlyMap<string, Word>, views: readonly InstanceView[]): readonly Counted[] {
    const known = new Set(views.map((view) => view.id))
    const isOver = ({ atMs, staleLimitMs = 0 }: Word) =>
      atMs < deps.now() - Math.max(staleLimitMs, deps.maxStaleLimitMs()) - beatSlackMs
    return [...words]
      .filter(([id, word]) => word.epoch === noEpoch && !isOver(word) && !known.has(id))
      .map(([id, { atMs, staleLimitMs = 0 }]) => ({
        id,
        appliedRevision: -1,
        lastSeenAtMs: atMs,
        staleLimitMs,
      }))
  }

  return {
    say() {
      spoken.remember()
      spoken.say({
        epoch: changes.epoch ?? noEpoch,
        applied: changes.applied,
        atMs: deps.now(),
        staleLimitMs: deps.maxStaleLimitMs(),
      })
    },

    async tidy() {
      const { epoch } = changes
      if (redis === null || tidied === epoch || epoch === undefined) return
      const ended = await spoken.ended()
      if (ended === undefined) return
      tidied = epoch
      await signOffAll(deps.db, ended).catch(() => {
        tidied = undefined
      })
    },

    async awaitAll(revision, timeoutMs) {
      const calledAt = deps.monotonicNow()
      const endsAt = calledAt + timeoutMs
      const inquiry = createInquiry(registered, deps.monotonicNow)
      // Words are compared within one history, and it is this process's own poll that tells which one it is now.
      deps.feed.kick()
      for (;;) {
        await inquiry.round(redis?.store.isUp() === true, endsAt)
        const views = inquiry.views()
        const { words, isFresh } = await spoken.read()
        const behind = [...views.map((view) => furthest(view, words)), ...strangers(words, views)].filter(
          (one) => one.appliedRevision < revision,
        )
        // A Redis that only takes its time may know of an instance that Postgres does not.
        const isHeard = isFresh || redis?.store.isUp() !== true
        const isSure = isHeard && views.length > 0 && deps.feed.confirmedAt() >= calledAt
        if (behind.length === 0 && isSure) return []
        if (deps.monotonicNow() >= endsAt) return pendingOf(behind, deps)
        await sleep(askRedisEveryMs)
      }
    },

    async instances() {
      const views = await registered()
      const { words } = await spoken.read()
      return views.map((view) => furthest(view, words))
    },

    async leave() {
      await spoken.end()
      // Who cannot say that it leaves is waited for until it was silent for long: worth a few tries.
      const endsAt = deps.monotonicNow() + leaveWithinMs
      do {
        const isSaid = await signOff(deps.db, deps.instanceId).then(
          () => true,
          () => false,
        )
        if (isSaid) return
        await sleep(leaveAgainMs)
      } while (deps.monotonicNow() < endsAt)
    },

    async dismiss(id) {
      await spoken.end(id)
      return signOff(deps.db, id).then(
        () => true,
        () => false,
      )
    },
  }
}

/** An id that tells an operator where to look, and is never used twice. */
export function newInstanceId(random: string): string {
  return `${hostname()
    .replace(/[^A-Za-z0-9.-]/g, '-')
    .slice(0, 60)}-${process.pid}-${random}`
}

interface Inquiry {
  /** Asks Postgres again if it is time to; returns when it has answered, or at `endsAt`. */
  round(isBesideRedis: boolean, endsAt: number): Promise<void>
  /** The instances as last heard of; none before the first answer. */
  views(): readonly InstanceView[]
}

function createInquiry(ask: () => Promise<readonly InstanceView[]>, monotonicNow: () => number): Inquiry {
  let views: readonly InstanceView[] = []
  let askedAt = Number.NEGATIVE_INFINITY
  return {
    views: () => views,
    async round(isBesideRedis, endsAt) {
      const intervalMs = askPostgresEveryMs[isBesideRedis ? 'besideRedis' : 'alone']
      if (monotonicNow() - askedAt < intervalMs) return
      // Postgres gone in the middle of waiting: those known so far still count.
      const asked = ask().then(
        (answer) => void (views = answer),
        () => {},
      )
      await within(asked, endsAt - monotonicNow())
      askedAt = monotonicNow()
    },
  }
}

function pendingOf(behind: readonly Counted[], deps: AcknowledgementDeps): PendingInstance[] {
  const limitMs = (own: number) => Math.max(own, deps.maxStaleLimitMs()) + beatSlackMs
  // Nobody could be asked for: that is no "all have applied it".
  if (behind.length === 0) {
    const nowMs = deps.now()
    return [{ instance: 'unknown', appliedRevision: -1, lastSeenAtMs: nowMs, deadByMs: nowMs + limitMs(0) }]
  }
  return behind.map((view) => ({
    instance: view.id,
    appliedRevision: view.appliedRevision,
    lastSeenAtMs: view.lastSeenAtMs,
    deadByMs: view.lastSeenAtMs + limitMs(view.staleLimitMs),
  }))
}

function sleep(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds))
}

/** Resolves with the promise, or when the time is over. */
function within(promise: Promise<unknown>, milliseconds: number): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, milliseconds)
    void promise.finally(() => {
      clearTimeout(timer)
      resolve()
    })
  })
}
