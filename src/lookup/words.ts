// What the instances say of themselves in Redis: one sealed word each, of how far it has come. Fast, where Postgres is
// sure; and all there is to know an instance by that has never reached Postgres.

import { Type } from 'typebox'
import { Compile } from 'typebox/compile'
import type { InstalledStore } from './installation.ts'
import { parseSeen } from './redis-format.ts'
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
  /** This instance has ended, or another one: its word is taken back, and that it has ended is kept. */
  end(id?: string): Promise<void>
  /** Those that have ended in the last day; undefined: Redis does not answer. */
  ended(): Promise<readonly string[] | undefined>
}

export interface WordsDeps {
  readonly redis: { readonly store: InstalledStore; readonly seal: Seal } | null
  readonly instanceId: string
  readonly now: () => number
  readonly monotonicNow: () => number
}

/** Of an instance that has never reached Postgres. */
export const noEpoch = ''
/** Hash: instance id → sealed word. */
const wordsPlace = 'instances'
/** Hash: id of an instance that has ended → when, sealed. */
const endedPlace = 'instances:ended'
const deadlineMs = 200
const rememberEveryMs = 5_000
/** A Redis that began anew, or whose memory somebody has emptied, has the word again after this. */
const sayAgainMs = 30_000
/** Words of instances that ended without leaving are removed after this. */
const goneAfterMs = 24 * 60 * 60_000

/** Makes the words of this instance; without Redis there are none. */
export function createWords({ redis, instanceId, now, monotonicNow }: WordsDeps): Words {
  let said = ''
  let saidAt = Number.NEGATIVE_INFINITY
  let isSaying = false
  /** What came meanwhile; of many, the last is enough. */
  let next: Word | undefined
  let hasEnded = false
  let remembered: ReadonlyMap<string, Word> = new Map()
  let readAt = Number.NEGATIVE_INFINITY

  const at = (place: string) => redis?.store.at(place) ?? ''
  const open = (place: string, id: string, sealed: string) => redis?.seal.open(`${place}:${id}`, sealed)

  const read = createShared(async (): Promise<WordsRead> => {
    const entries = await redis?.store.run((client) => client.hgetall(at(wordsPlace)), deadlineMs)
    if (entries === undefined) return { words: remembered, isFresh: false }
    const words = new Map<string, Word>()
    for (const [id, sealed] of Object.entries(entries)) {
      const word = parseWord(open(at(wordsPlace), id, sealed))
      if (word !== undefined) words.set(id, word)
    }
    forget([...words].filter(([, { atMs }]) => atMs < now() - goneAfterMs).map(([id]) => id))
    remembered = words
    readAt = monotonicNow()
    return { words, isFresh: true }
  })

  function forget(ids: readonly string[]): void {
    if (ids.length > 0) void redis?.store.tell((client) => client.hdel(at(wordsPlace), ...ids), deadlineMs)
  }

  async function ended(): Promise<readonly string[] | undefined> {
    const entries = await redis?.store.run((client) => client.hgetall(at(endedPlace)), deadlineMs)
    if (entries === undefined) return undefined
    const isRecent = ([id, sealed]: [string, string]) =>
      (parseSeen(open(at(endedPlace), id, sealed))?.atMs ?? 0) > now() - goneAfterMs
    const all = Object.entries(entries)
    const old = all.filter((one) => !isRecent(one)).map(([id]) => id)
    if (old.length > 0) void redis?.store.tell((client) => client.hdel(at(endedPlace), ...old), deadlineMs)
    return all.filter(isRecent).map(([id]) => id)
  }

  /** One word at a time: an import brings a hundred changes at once, and each would be told for nothing but the last. */
  async function sayNext(): Promise<void> {
    if (redis === null) return
    const { store, seal } = redis
    const place = at(wordsPlace)
    while (next !== undefined) {
      const word: Word = next
      next = undefined
      const gist = `${word.epoch} ${word.applied} ${word.staleLimitMs}`
      // Who is in no table is known by this word alone, and so by its time. And Redis may have lost it.
      const isFresh = monotonicNow() - saidAt < sayAgainMs
      if (gist === said && isFresh && word.epoch !== noEpoch) return
      const sealed = seal.close(`${place}:${instanceId}`, JSON.stringify(word))
      isSaying = true
      const answer = await store.tell((client) => client.hset(place, instanceId, sealed), deadlineMs)
      isSaying = false
      if (answer === undefined) continue
      said = gist
      saidAt = monotonicNow()
    }
  }

  return {
    read,
    ended,
    say(word) {
      // What is taken back is not said again.
      if (hasEnded) return
      next = word
      if (!isSaying) void sayNext()
    },
    remember() {
      if (monotonicNow() - readAt >= rememberEveryMs && redis?.store.isUp() === true) void read()
    },
    async end(id = instanceId) {
      if (redis === null) return
      if (id === instanceId) {
        hasEnded = true
        next = undefined
      }
      const place = at(endedPlace)
      const sealed = redis.seal.close(`${place}:${id}`, JSON.stringify({ atMs: now() }))
      await redis.store.run(
        (client) => Promise.all([client.hdel(at(wordsPlace), id), client.hset(place, id, sealed)]),
        deadlineMs,
      )
    },
  }
}

function parseWord(text: string | undefined): Word | undefined {
  if (text === undefined) return undefined
  const value: unknown = JSON.parse(text)
  return wordCheck.Check(value) ? value : undefined
}
