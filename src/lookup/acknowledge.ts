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
import type { Seal } from './seal.ts'

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
  readonly instanceId: string
  readonly now: () => number
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

const WordText = Type.Object({ epoch: Type.String(), applied: Type.Integer(), atMs: Type.Number() })
const wordCheck = Compile(WordText)
type Word = Type.Static<typeof WordText>

/** Makes the acknowledgement of this instance. */
export function createAcknowledgement(deps: AcknowledgementDeps): Acknowledgement {
  const { changes, redis } = deps
  let said = ''

  async function wordsInRedis(views: readonly InstanceView[]): Promise<ReadonlyMap<string, Word>> {
    const words = new Map<string, Word>()
    const ids = views.map((view) => view.id)
    if (ids.length === 0) return words
    const entries = await redis?.store.run((client) => client.hmget(place, ...ids), deadlineMs)
    for (const [index, id] of ids.entries()) {
      const sealed = entries?.[index]
      const word = parseWord(
        typeof sealed !== 'string' ? undefined : redis?.seal.open(`${place}:${id}`, sealed),
      )
      // A word about another history says nothing of this one.
      if (word !== undefined && word.epoch === changes.epoch) words.set(id, word)
    }
    return words
  }

  async function registered(): Promise<readonly InstanceView[]> {
    return listInstances(deps.db, deps.maxStaleLimitMs())
  }

  function furthest(view: InstanceView, words: ReadonlyMap<string, Word>): InstanceView {
    const applied = view.epoch === changes.epoch ? view.appliedRevision : -1
    return { ...view, appliedRevision: Math.max(applied, words.get(view.id)?.applied ?? -1) }
  }

  return {
    say() {
      if (redis === null || changes.epoch === undefined) return
      const word = `${changes.epoch} ${changes.applied}`
      if (word === said) return
      const text = JSON.stringify({ epoch: changes.epoch, applied: changes.applied, atMs: deps.now() })
      const sealed = redis.seal.close(`${place}:${deps.instanceId}`, text)
      void redis.store
        .run((client) => client.hset(place, deps.instanceId, sealed), deadlineMs)
        .then((answer) => {
          if (answer !== undefined) said = word
        })
    },

    async awaitAll(revision, timeoutMs) {
      const endsAt = deps.now() + timeoutMs
      const intervalMs = askPostgresEveryMs[redis?.store.isUp() ? 'besideRedis' : 'alone']
      let views: readonly InstanceView[] = []
      let askedPostgresAt = Number.NEGATIVE_INFINITY
      for (;;) {
        if (deps.now() - askedPostgresAt >= intervalMs) {
          // Postgres gone in the middle of waiting: those known so far still count.
          views = await registered().catch(() => views)
          askedPostgresAt = deps.now()
        }
        const words = await wordsInRedis(views)
        const behind = views
          .map((view) => furthest(view, words))
          .filter((view) => view.appliedRevision < revision)
        if (behind.length === 0 && views.length > 0) return []
        if (deps.now() >= endsAt) return pendingOf(behind, deps)
        await sleep(askRedisEveryMs)
      }
    },

    async instances() {
      const views = await registered()
      const words = await wordsInRedis(views)
      return views.map((view) => furthest(view, words))
    },

    async leave() {
      await redis?.store.run((client) => client.hdel(place, deps.instanceId), deadlineMs)
      // Away: it will be silent, and end by the limit instead.
      await signOff(deps.db, deps.instanceId).catch(() => {})
    },
  }
}

/** An id that tells an operator where to look, and is never used twice. */
export function newInstanceId(random: string): string {
  return `${hostname()
    .replace(/[^A-Za-z0-9.-]/g, '-')
    .slice(0, 60)}-${process.pid}-${random}`
}

function pendingOf(behind: readonly InstanceView[], deps: AcknowledgementDeps): PendingInstance[] {
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
