// How long answers to a key took, counted in memory: a request adds to two numbers, and nothing is made for it. Bounded: of what
// does not fit no times are told.

import type { CredentialRecord } from '../../credentials/record.ts'
import { timeBucketOf, timeBuckets } from '../../telemetry/answer-time.ts'

/** Requests of a key that took so long. */
export interface LatencyCount {
  readonly keyId: string
  readonly merchantId: string
  readonly api: string
  readonly environment: string
  /** Start of the five minutes, milliseconds since the epoch. */
  readonly startMs: number
  /** `timeBucketOf` their time. */
  readonly bucket: number
  /** By the time until the answer was there, without waits for the client. */
  readonly answers: number
  /** By what the upstream took of it. */
  readonly upstream: number
}

/** Those of one key, environment and five minutes. A class, so that all have one shape. */
export class AnswerTimes {
  readonly of: TimesOf
  readonly startMs: number
  /** Of the same key. */
  readonly next: AnswerTimes | undefined
  /** Those of answers, then those of upstreams. */
  readonly counts: Uint32Array

  constructor(of: TimesOf, next: AnswerTimes | undefined, counts: Uint32Array) {
    this.of = of
    this.startMs = startOf(of.atMs)
    this.next = next
    this.counts = counts
  }

  /** In milliseconds. */
  add(answerMs: number, upstreamMs: number): void {
    const { counts } = this
    const answer = timeBucketOf(answerMs)
    const upstream = timeBuckets + timeBucketOf(upstreamMs)
    counts[answer] = (counts[answer] ?? 0) + 1
    counts[upstream] = (counts[upstream] ?? 0) + 1
  }
}

export interface TimesOf {
  readonly record: CredentialRecord
  readonly environment: string
  readonly atMs: number
}

export interface AnswerTimesBook {
  /** Where times are added to, until they are taken; undefined: there is no room for one more. */
  of(whose: TimesOf): AnswerTimes | undefined
  /** All that there are, no longer to be added to; those of a key stand together. */
  take(): AnswerTimes[]
  /** Those that were taken have gone their way. */
  release(taken: readonly AnswerTimes[]): void
  size(): number
}

const fiveMinutesMs = 5 * 60_000

/** Has room for `most`, those that were taken included. */
export function createAnswerTimesBook(most: number): AnswerTimesBook {
  let byKey = new Map<string, AnswerTimes>()
  let size = 0
  /** Emptied, to be used again. */
  const free: Uint32Array[] = []
  return {
    of(whose) {
      const { keyId } = whose.record
      const latest = byKey.get(keyId)
      const known = find(latest, whose)
      if (known !== undefined || size >= most) return known
      const times = new AnswerTimes(whose, latest, free.pop() ?? new Uint32Array(2 * timeBuckets))
      byKey.set(keyId, times)
      size++
      return times
    },
    take() {
      const taken: AnswerTimes[] = []
      for (const latest of byKey.values()) {
        for (let times: AnswerTimes | undefined = latest; times !== undefined; times = times.next)
          taken.push(times)
      }
      byKey = new Map()
      return taken
    },
    release(taken) {
      size -= taken.length
      for (const { counts } of taken) free.push(counts.fill(0))
    },
    size: () => size,
  }
}

function startOf(atMs: number): number {
  return atMs - (atMs % fiveMinutesMs)
}

function find(
  latest: AnswerTimes | undefined,
  { record, environment, atMs }: TimesOf,
): AnswerTimes | undefined {
  const startMs = startOf(atMs)
  for (let times = latest; times !== undefined; times = times.next) {
    const isSame = times.startMs === startMs && times.of.environment === environment
    if (isSame && times.of.record.api === record.api) return times
  }
  return undefined
}

/** What they hold, by bucket. */
export function latencyCountsOf({ of, startMs, counts }: AnswerTimes): LatencyCount[] {
  const { keyId, merchantId, api } = of.record
  const found: LatencyCount[] = []
  for (let bucket = 0; bucket < timeBuckets; bucket++) {
    const answers = counts[bucket] ?? 0
    const upstream = counts[timeBuckets + bucket] ?? 0
    if (answers + upstream > 0)
      found.push({ keyId, merchantId, api, environment: of.environment, startMs, bucket, answers, upstream })
  }
  return found
}
