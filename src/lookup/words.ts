// What the instances say of themselves in Redis: one sealed word each, of how far it has come. Fast, where Postgres is
// sure; and all there is to know an instance by that has never reached Postgres.

import { Type } from 'typebox'
import { Compile } from 'typebox/compile'
import type { RedisStore } from '../store/redis.ts'
import type { Seal } from './seal.ts'
import { createShared } from './shared.ts'

const WordText = Type.Object({
  /** Empty: it has never reached Postgres. */
  epoch: Type.String(),
  applied: Type.Integer(),
  atMs: Type.Number(),
  staleLimitMs: Type.Optional(Type.Integer()),
})
const wordCheck = Compile(WordText)
export type Word = Type.Static<typeof WordText>

export interface WordsRead {
  /** By instance id. */
  readonly words: ReadonlyMap<string, Word>
  /** false: Redis does not answer, and this is what it said last. */
  readonly isFresh: boolean
}

export interface Words {
  /** Says it, unless Redis has it already. */
  say(word: Word): void
  /** What all have said. Many who ask at once share one question. */
  read(): Promise<WordsRead>
  /** Reads, if that was not done for some seconds, so that who is known by its word alone is known when Redis is lost. */
  remember(): void
  /** Takes this instance's word back, or that of another, which has ended. */
  takeBack(id?: string): Promise<void>
}

export interface WordsDeps {
  readonly redis: { readonly store: RedisStore; readonly seal: Seal } | null
  readonly instanceId: string
  readonly now: () => number
  readonly monotonicNow: () => number
}

/** Of an instance that has never reached Postgres. */
export const noEpoch = ''
/** Redis hash: instance id → sealed word. */
const place = 'latchkey:instances'
const deadlineMs = 200
const rememberEveryMs = 5_000
/** Words of instances that ended without leaving are removed after this. */
const goneAfterMs = 24 * 60 * 60_000

/** Makes the words of this instance; without Redis there are none. */
export function createWords({ redis, instanceId, now, monotonicNow }: WordsDeps): Words {
  let said = ''
  let remembered: ReadonlyMap<string, Word> = new Map()
  let readAt = Number.NEGATIVE_INFINITY

  const read = createShared(async (): Promise<WordsRead> => {
    const entries = await redis?.store.run((client) => client.hgetall(place), deadlineMs)
    if (entries === undefined) return { words: remembered, isFresh: false }
    const words = new Map<string, Word>()
    for (const [id, sealed] of Object.entries(entries)) {
      const word = parseWord(redis?.seal.open(`${place}:${id}`, sealed))
      if (word !== undefined) words.set(id, word)
    }
    forget([...words].filter(([, { atMs }]) => atMs < now() - goneAfterMs).map(([id]) => id))
    remembered = words
    readAt = monotonicNow()
    return { words, isFresh: true }
  })

  function forget(ids: readonly string[]): void {
    if (ids.length > 0) void redis?.store.tell((client) => client.hdel(place, ...ids), deadlineMs)
  }

  return {
    read,
    say(word) {
      const gist = `${word.epoch} ${word.applied} ${word.staleLimitMs}`
      // Who is in no table is known by this word alone, and so by its time.
      if (redis === null || (gist === said && word.epoch !== noEpoch)) return
      const sealed = redis.seal.close(`${place}:${instanceId}`, JSON.stringify(word))
      void redis.store
        .tell((client) => client.hset(place, instanceId, sealed), deadlineMs)
        .then((answer) => {
          if (answer !== undefined) said = gist
        })
    },
    remember() {
      if (monotonicNow() - readAt >= rememberEveryMs && redis?.store.isUp() === true) void read()
    },
    async takeBack(id = instanceId) {
      await redis?.store.run((client) => client.hdel(place, id), deadlineMs)
    },
  }
}

function parseWord(text: string | undefined): Word | undefined {
  if (text === undefined) return undefined
  const value: unknown = JSON.parse(text)
  return wordCheck.Check(value) ? value : undefined
}
