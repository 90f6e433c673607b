// What a process that starts reads before it serves: the keys that others, or it itself before, had in use. Each process says in
// Redis now and then, and when it ends, which digests it has in memory; digests alone, sealed, and forgotten after an hour. They
// are a hint: what is read by it is read from Postgres as for a request, some hundreds a query, and without it requests do the same.

import { setTimeout as sleep } from 'node:timers/promises'
import type { Changes } from './changes.ts'
import type { InstalledStore } from './installation.ts'
import type { MemoryTier } from './memory-tier.ts'
import type { OwnReading } from './postgres-tier.ts'
import type { Seal } from './seal.ts'
import { parseHint } from './warm-hint.ts'

export interface WarmStart {
  /** Says which keys are in memory. Never rejects. */
  note(): Promise<void>
  /** Reads what was said, into memory; returns how many keys it has brought. Never rejects, and ends in time. */
  warm(): Promise<number>
}

export interface WarmStartDeps {
  readonly store: InstalledStore
  readonly seal: Seal
  readonly instanceId: string
  readonly changes: Changes
  readonly memory: Pick<MemoryTier, 'fill' | 'digests'>
  readonly read: (digest: string) => Promise<OwnReading>
  /** Wall-clock milliseconds. */
  readonly now: () => number
  /** Monotonic milliseconds. */
  readonly monotonicNow: () => number
}

/** Of one process, and that one process takes: 4.3 MB in Redis. */
const mostDigests = 100_000
/** In one entry of Redis. */
const chunkDigests = 1_000
/** That are asked of Postgres together: as many as it reads with one query (postgres-tier.ts). */
const batchDigests = 500
/** It is said anew each minute; who restarts leaves one behind. */
const livesForMs = 60 * 60_000
/** Of whom one takes what was said, the latest. */
const mostInstances = 8
const deadlineMs = 500
/** Then it serves, whatever is left. */
const warmsForMs = 5_000
const digestBytes = 32
const connectsWithinMs = 1_000

export function createWarmStart(deps: WarmStartDeps): WarmStart {
  const { store, seal, instanceId } = deps
  const index = store.at('warm')
  const placeOf = (instance: string, chunk: number) => store.at(`warm:${instance}:${chunk}`)

  async function note(): Promise<void> {
    let chunks = 0
    let chunk: Buffer[] = []
    const write = async (): Promise<boolean> => {
      const place = placeOf(instanceId, chunks)
      const sealed = seal.close(place, Buffer.concat(chunk).toString('base64'))
      chunks++
      chunk = []
      // One at a time: requests have their turn in between.
      return (
        (await store.tell((client) => client.set(place, sealed, 'PX', livesForMs), deadlineMs)) !== undefined
      )
    }
    for (const digest of deps.memory.digests(mostDigests)) {
      chunk.push(Buffer.from(digest, 'hex'))
      if (chunk.length === chunkDigests && !(await write())) return
    }
    if (chunk.length > 0 && !(await write())) return
    if (chunks === 0) return
    const sealed = seal.close(`${index}:${instanceId}`, JSON.stringify({ atMs: deps.now(), chunks }))
    await store.tell((client) => client.hset(index, instanceId, sealed), deadlineMs)
    await store.tell((client) => client.pexpire(index, livesForMs), deadlineMs)
  }

  /** A process that has just begun may have to wait for its connection. */
  async function askedInTime(): Promise<Record<string, string>> {
    const endsAt = deps.monotonicNow() + connectsWithinMs
    for (;;) {
      const all = await store.run((client) => client.hgetall(index), deadlineMs)
      if (all !== undefined || deps.monotonicNow() >= endsAt) return all ?? {}
      await sleep(50)
    }
  }

  /** Who has said something of late, the latest first. */
  async function said(): Promise<{ instance: string; chunks: number }[]> {
    const all = await askedInTime()
    const hints = Object.entries(all).map(([instance, sealed]) => {
      const hint = parseHint(seal.open(`${index}:${instance}`, sealed))
      return { instance, chunks: hint?.chunks ?? 0, atMs: hint?.atMs ?? 0 }
    })
    const isGone = ({ atMs }: { atMs: number }) => deps.now() - atMs > livesForMs
    const gone = hints.filter(isGone).map(({ instance }) => instance)
    if (gone.length > 0) await store.tell((client) => client.hdel(index, ...gone), deadlineMs)
    return hints
      .filter((hint) => !isGone(hint))
      .toSorted((a, b) => b.atMs - a.atMs)
      .slice(0, mostInstances)
  }

  async function digestsAt(instance: string, chunk: number): Promise<string[]> {
    const place = placeOf(instance, chunk)
    const sealed = await store.run((client) => client.get(place), deadlineMs)
    const text = typeof sealed === 'string' ? seal.open(place, sealed) : undefined
    const bytes = Buffer.from(text ?? '', 'base64')
    const count = Math.min(chunkDigests, Math.floor(bytes.length / digestBytes))
    return Array.from({ length: count }, (_, i) =>
      bytes.toString('hex', i * digestBytes, (i + 1) * digestBytes),
    )
  }

  /** Returns how many are in memory now; undefined: Postgres cannot be asked. */
  async function learn(digests: readonly string[]): Promise<number | undefined> {
    const { changes } = deps
    const { history } = changes
    const readings = await Promise.all(digests.map((digest) => deps.read(digest).catch(() => undefined)))
    let learned = 0
    for (const [i, reading] of readings.entries()) {
      const digest = digests[i]
      if (reading === undefined || digest === undefined) return undefined
      // As for a request (chain.ts): of another database, or of before a change that is known here.
      const { epoch, ...read } = reading
      if (epoch !== changes.epoch || changes.history !== history || !changes.knowsSince(read.revision))
        continue
      if (read.record === undefined || !changes.isCurrent(read.revision, digest, read.record)) continue
      deps.memory.fill(digest, read)
      learned++
    }
    return learned
  }

  async function warm(): Promise<number> {
    const endsAt = deps.monotonicNow() + warmsForMs
    const seen = new Set<string>()
    let learned = 0
    for (const { instance, chunks } of await said()) {
      for (let chunk = 0; chunk < chunks; chunk++) {
        if (seen.size >= mostDigests || deps.monotonicNow() >= endsAt) return learned
        const fresh = (await digestsAt(instance, chunk)).filter((digest) => !seen.has(digest))
        for (let from = 0; from < fresh.length; from += batchDigests) {
          if (seen.size >= mostDigests || deps.monotonicNow() >= endsAt) return learned
          const batch = fresh.slice(from, from + batchDigests)
          for (const digest of batch) seen.add(digest)
          const more = await learn(batch)
          if (more === undefined) return learned
          learned += more
        }
      }
    }
    return learned
  }

  return { note, warm }
}
