// Carries the words of the emergency stop from instance to instance by Redis: a message for speed, and a hash that
// every instance reads twice a second and puts right from what it knows itself. So a lost message heals, a word that
// Redis could not take is offered again, and a Redis that has lost everything is filled again by whoever still lives.

import { formatWord, type Held, parseHeld, parseWord } from './deny-format.ts'
import { type DenyWord, type DenyWords, entryName } from './deny-words.ts'
import type { InstalledStore } from './installation.ts'
import type { Seal } from './seal.ts'

export interface DenySpread {
  /** Begins to listen; resolves when the words in Redis are read, or after a second without Redis. */
  start(): Promise<void>
  /** Offers the own words; whether Redis has them. What it could not take is offered again with each round. */
  tell(word: DenyWord): Promise<boolean>
  /** What each instance held when it last said so; undefined: Redis does not answer. */
  held(): Promise<ReadonlyMap<string, Held> | undefined>
  /** Another instance has ended: what it held is forgotten. false: Redis does not answer. */
  dismiss(id: string): Promise<boolean>
  /** This instance leaves. */
  stop(): Promise<void>
}

export interface DenySpreadDeps {
  readonly store: InstalledStore
  readonly seal: Seal
  readonly words: DenyWords
  readonly instanceId: string
  /** Wall-clock milliseconds. */
  readonly now: () => number
  /** Words were heard that are new here. */
  readonly heard: () => void
  /** Told of entries and messages with a wrong seal. */
  readonly rejected: () => void
  /** Milliseconds between rounds; 500 unless said. */
  readonly everyMs?: number
}

/** Hash: entry → sealed word. The channel has the same name. */
const wordsPlace = 'deny'
/** Hash: instance → what it holds. */
const heldWordsPlace = 'deny:held'
/** Nobody waits for a round, and a slow Redis is better than none. */
const deadlineMs = 500
const startLimitMs = 1_000
/** How long it is remembered that an entry was taken back: an instance cut off for longer could bring it back. */
const forgetAfterMs = 30 * 24 * 60 * 60_000
/** Of an instance that has not spoken for so long nothing is kept. */
const goneAfterMs = 24 * 60 * 60_000

/** Makes the spread of one instance. */
export function createDenySpread(deps: DenySpreadDeps): DenySpread {
  const { store, seal, words, instanceId, now } = deps
  const place = () => store.at(wordsPlace)
  const heldPlace = () => store.at(heldWordsPlace)
  let timer: NodeJS.Timeout | undefined
  let isStopped = false
  let refused = new Set<string>()

  /** The text of a sealed entry. A wrong seal that stays in the hash is counted once. */
  function opened(at: string, sealed: string, seen?: Set<string>): string | undefined {
    const text = seal.open(at, sealed)
    if (text === undefined) {
      if (!refused.has(sealed)) deps.rejected()
      seen?.add(sealed)
    }
    return text
  }

  function hearMessage(sealed: string): void {
    const word = parseWord(opened(place(), sealed))
    if (word === undefined || !words.hear(word)) return
    deps.heard()
    void sayHeld()
  }

  async function sayHeld(): Promise<void> {
    if (isStopped) return
    const text = JSON.stringify({ sum: words.sum(), atMs: now() } satisfies Held)
    const sealed = seal.close(`${heldPlace()}:${instanceId}`, text)
    await store.run((client) => client.hset(heldPlace(), instanceId, sealed), deadlineMs)
  }

  async function write(some: readonly DenyWord[]): Promise<boolean> {
    if (some.length === 0) return true
    const sealed = (word: DenyWord) => seal.close(`${place()}:${entryName(word)}`, formatWord(word))
    const fields = Object.fromEntries(some.map((word) => [entryName(word), sealed(word)]))
    return (await store.run((client) => client.hset(place(), fields), deadlineMs)) !== undefined
  }

  /** Takes what is new in the hash, gives what it lacks. False: Redis does not answer. */
  async function round(): Promise<boolean> {
    const entries = await store.run((client) => client.hgetall(place()), deadlineMs)
    if (entries === undefined) return false
    const kept = new Map<string, DenyWord>()
    const seen = new Set<string>()
    let isNews = false
    for (const [name, sealed] of Object.entries(entries)) {
      const word = parseWord(opened(`${place()}:${name}`, sealed, seen))
      if (word === undefined || entryName(word) !== name) continue
      // What an older key has sealed is written anew: that key may be taken away next.
      if (seal.isByFirst(`${place()}:${name}`, sealed)) kept.set(name, word)
      isNews = words.hear(word) || isNews
    }
    refused = seen
    if (isNews) deps.heard()
    const old = words.forget(now() - forgetAfterMs).map(entryName)
    if (old.length > 0) await store.run((client) => client.hdel(place(), ...old), deadlineMs)
    await write(words.all().filter((word) => !isSame(word, kept.get(entryName(word)))))
    await sayHeld()
    return true
  }

  /** What versions before 0006_installation.sql have kept: an upgrade must not undo an emergency stop. */
  async function hearEarlier(): Promise<void> {
    for (const fingerprint of seal.fingerprints) {
      const name = `latchkey-${fingerprint}:latchkey:deny`
      const entries = await store.run((client) => client.hgetall(name), deadlineMs)
      const words = Object.entries(entries ?? {}).map(([entry, sealed]) =>
        parseWord(seal.open(`latchkey:deny:${entry}`, sealed)),
      )
      if (words.map((word) => word !== undefined && deps.words.hear(word)).includes(true)) deps.heard()
    }
  }

  function next(): void {
    if (isStopped) return
    timer = setTimeout(() => void round().finally(next), deps.everyMs ?? 500)
    timer.unref()
  }

  return {
    async start() {
      store.subscribe(wordsPlace, hearMessage)
      const endsAt = performance.now() + startLimitMs
      while (!(await round()) && performance.now() < endsAt) await sleep(20)
      await hearEarlier()
      next()
    },
    async tell(word) {
      const [isKept] = await Promise.all([
        write([word]),
        store.run((client) => client.publish(place(), seal.close(place(), formatWord(word))), deadlineMs),
        sayHeld(),
      ])
      return isKept
    },
    async held() {
      const entries = await store.run((client) => client.hgetall(heldPlace()), deadlineMs)
      if (entries === undefined) return undefined
      const all = Object.entries(entries).flatMap(([id, sealed]) => {
        const held = parseHeld(opened(`${heldPlace()}:${id}`, sealed))
        return held === undefined ? [] : [[id, held] as const]
      })
      const gone = all.filter(([, held]) => held.atMs < now() - goneAfterMs).map(([id]) => id)
      if (gone.length > 0) void store.run((client) => client.hdel(heldPlace(), ...gone), deadlineMs)
      return new Map(all)
    },
    async dismiss(id) {
      return (await store.run((client) => client.hdel(heldPlace(), id), deadlineMs)) !== undefined
    },
    async stop() {
      isStopped = true
      clearTimeout(timer)
      await store.run((client) => client.hdel(heldPlace(), instanceId), deadlineMs)
    },
  }
}

function isSame(word: DenyWord, kept: DenyWord | undefined): boolean {
  return kept?.atMs === word.atMs && kept.isDenied === word.isDenied
}

function sleep(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds))
}
