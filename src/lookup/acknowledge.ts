// Who has applied what. Each instance says how far it has come: in Redis for speed, and with each poll in Postgres.
// A change is in force everywhere once every instance that counts has said so; one that has not is named, with the
// time by which its cached answers end on their own.

import { hostname } from 'node:os'
import { Type } from 'typebox'
import { Compile } from 'typebox/compile'
import { type InstanceView, listInstances, signOff } from '../store/instance-table.ts'
import type { Postgres } from '../store/postgres.ts'
import type { RedisStore } from '../store/redis.ts'
import type { Changes } from './changes.ts'
import type { Feed } from './feed.ts'
import type { Seal } from './seal.ts'
import { createShared } from './shared.ts'

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
  /** Resolves with those that have not applied `revision`, at once when there are none, else after `timeoutMs`. */
  awaitAll(revision: number, timeoutMs: number): Promise<readonly PendingInstance[]>
  /** The instances that count, with the furthest that each has said. Rejects when Postgres is away. */
  instances(): Promise<readonly InstanceView[]>
  /** This instance leaves: it no longer counts. */
  leave(): Promise<void>
}

export interface AcknowledgementDeps {
  readonly db: Postgres
  readonly redis: { readonly store: RedisStore; readonly seal: Seal } | null
  readonly changes: Changes
  readonly feed: Pick<Feed, 'confirmedAt' | 'kick'>
  readonly instanceId: string
  readonly now: () => number
  readonly monotonicNow: () => number
  readonly maxStaleLimitMs: () => number
}

/** Redis hash: instance id → sealed word. */
const place = 'latchkey:instances'
const deadlineMs = 200
const askRedisEveryMs = 15
/** Where there is Redis, Postgres only has to find the instances that have lost it. */
const askPostgresEveryMs = { besideRedis: 150, alone: 30 }
/** A poll may have confirmed after the beat that is on record: interval, query deadline and some more. */
const beatSlackMs = 3_000

/** How long a sign-off is tried while Postgres is away, and how often. */
const leaveWithinMs = 2_000
const leaveAgainMs = 200
/** Of an instance that has never reached Postgres. */
const noEpoch = ''
/** Words of instances that ended without leaving are removed after this. */
const goneAfterMs = 24 * 60 * 60_000

type Counted = Pick<InstanceView, 'id' | 'appliedRevision' | 'lastSeenAtMs'>

const WordText = Type.Object({ epoch: Type.String(), applied: Type.Integer(), atMs: Type.Number() })
const wordCheck = Compile(WordText)
type Word = Type.Static<typeof WordText>

/** Makes the acknowledgement of this instance. */
export function createAcknowledgement(deps: AcknowledgementDeps): Acknowledgement {
  const { changes, redis } = deps
  let said = ''

  // However many changes are waited for at once, their questions are the same: they must not take the connections that
  // other changes need.
  const wordsInRedis = createShared(readWords)
  const registered = createShared(() => listInstances(deps.db, deps.maxStaleLimitMs() + beatSlackMs))

  async function readWords(): Promise<ReadonlyMap<string, Word>> {
    const words = new Map<string, Word>()
    const entries = await redis?.store.run((client) => client.hgetall(place), deadlineMs)
    for (const [id, sealed] of Object.entries(entries ?? {})) {
      const word = parseWord(redis?.seal.open(`${place}:${id}`, sealed))
      if (word !== undefined) words.set(id, word)
    }
    forget([...words].filter(([, { atMs }]) => atMs < deps.now() - goneAfterMs).map(([id]) => id))
    return words
  }

  function forget(ids: readonly string[]): void {
    if (ids.length > 0) void redis?.store.tell((client) => client.hdel(place, ...ids), deadlineMs)
  }

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
    const since = deps.now() - deps.maxStaleLimitMs() - beatSlackMs
    return [...words]
      .filter(([id, word]) => word.epoch === noEpoch && word.atMs >= since && !known.has(id))
      .map(([id, word]) => ({ id, appliedRevision: -1, lastSeenAtMs: word.atMs }))
  }

  return {
    say() {
      if (redis === null) return
      const epoch = changes.epoch ?? noEpoch
      const word = `${epoch} ${changes.applied}`
      // Who is in no table is known by this word alone, and so by its time.
      if (word === said && epoch !== noEpoch) return
      const text = JSON.stringify({ epoch, applied: changes.applied, atMs: deps.now() })
      const sealed = redis.seal.close(`${place}:${deps.instanceId}`, text)
      void redis.store
        .tell((client) => client.hset(place, deps.instanceId, sealed), deadlineMs)
        .then((answer) => {
          if (answer !== undefined) said = word
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
        const words = await wordsInRedis()
        const behind = [...views.map((view) => furthest(view, words)), ...strangers(words, views)].filter(
          (one) => one.appliedRevision < revision,
        )
        const isSure = views.length > 0 && deps.feed.confirmedAt() >= calledAt
        if (behind.length === 0 && isSure) return []
        if (deps.monotonicNow() >= endsAt) return pendingOf(behind, deps)
        await sleep(askRedisEveryMs)
      }
    },

    async instances() {
      const views = await registered()
      const words = await wordsInRedis()
      return views.map((view) => furthest(view, words))
    },

    async leave() {
      await redis?.store.run((client) => client.hdel(place, deps.instanceId), deadlineMs)
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
  const limitMs = deps.maxStaleLimitMs() + beatSlackMs
  // Nobody could be asked for: that is no "all have applied it".
  if (behind.length === 0) {
    const nowMs = deps.now()
    return [{ instance: 'unknown', appliedRevision: -1, lastSeenAtMs: nowMs, deadByMs: nowMs + limitMs }]
  }
  return behind.map((view) => ({
    instance: view.id,
    appliedRevision: view.appliedRevision,
    lastSeenAtMs: view.lastSeenAtMs,
    deadByMs: view.lastSeenAtMs + limitMs,
  }))
}

function parseWord(text: string | undefined): Word | undefined {
  if (text === undefined) return undefined
  const value: unknown = JSON.parse(text)
  return wordCheck.Check(value) ? value : undefined
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
