// Measures subjects beside each other: every round takes all of them in turn, so that what disturbs the machine for a
// while disturbs them all.

import { setTimeout as sleep } from 'node:timers/promises'
import type { Bench } from './bench.ts'
import type { Gateway } from './gateway.ts'
import { type LoadResult, type LoadTask, runLoad } from './load.ts'
import { ask } from './probe.ts'
import { cpuSeconds, machineSeconds, residentMiB } from './process-usage.ts'
import { medianOf } from './statistics.ts'

export interface Subject {
  readonly name: string
  readonly pid: number
  readonly port: number
  readonly isTls?: boolean
  /** A whole message; `{key}` stands for a line of `keysFile`. */
  readonly text: string
  readonly keysFile?: string
  /** What each answer has to be: one of these. */
  readonly statuses: readonly number[]
  readonly connections?: number
  /** A store that works for it: its CPU time counts as well, apart. */
  readonly storePid?: number
  /** Told before each measurement. */
  readonly prepare?: () => void
}

/** One round of closed loop: as fast as it goes. */
export interface Throughput {
  readonly perSecond: number
  /** User and system time of the subject's processes. */
  readonly cpuMicros: number
  readonly storeMicros: number | null
  /** Cores' worth of CPU that it took; below its number of cores the load was the limit, or waiting. */
  readonly busyCores: number
  /** Share of all the machine's cores that were busy, 0 to 1. */
  readonly machineBusy: number
  /** The most that was seen. */
  readonly rssMiB: number
}

/** One round of open loop, at a fixed rate. */
export interface Latency {
  readonly perSecond: number
  readonly p50Ms: number
  readonly p99Ms: number
  readonly p999Ms: number
  /** Cores' worth of CPU that it took. */
  readonly busyCores: number
}

export interface Result {
  readonly name: string
  readonly throughput: Throughput[]
  readonly latency: Latency[]
}

/** Of a subject with a fixed rate, given or worked out. */
export type RateOf = (name: string) => number

/** A subject that is a gateway. */
export function gatewaySubject(
  name: string,
  gateway: Gateway,
  of: Pick<Subject, 'text' | 'statuses'> & Partial<Subject>,
): Subject {
  const { child, port, isTls, emptyLog } = gateway
  return { name, pid: child.pid, port, isTls, prepare: emptyLog, ...of }
}

/** Before each round, not counted: a subject has rested while others had their turn, and V8 has tidied up meanwhile. */
const leadSeconds = 1

/** Warm-up, then rounds of closed loop. Rejects with the subject's name where one fails or answers otherwise. */
export async function measureThroughput(bench: Bench, subjects: readonly Subject[]): Promise<Result[]> {
  const { rounds, seconds, warmUpSeconds } = bench.options
  const results = subjects.map(({ name }): Result => ({ name, throughput: [], latency: [] }))
  for (const subject of subjects) {
    bench.tell(`  ${subject.name}: warm-up`)
    await measureOnce(bench, subject, { seconds: warmUpSeconds })
  }
  for (let round = 1; round <= rounds; round++) {
    bench.tell(`  throughput, round ${round} of ${rounds}`)
    for (const [i, subject] of inTurn(subjects, round)) {
      await load(bench, subject, { seconds: leadSeconds })
      results[i]?.throughput.push(await measureOnce(bench, subject, { seconds }))
    }
  }
  return results
}

/** With their places; each round begins with another one, so that nobody always comes after the same. */
function inTurn(subjects: readonly Subject[], round: number): (readonly [place: number, subject: Subject])[] {
  const all = [...subjects.entries()]
  const first = (round - 1) % Math.max(1, all.length)
  return [...all.slice(first), ...all.slice(0, first)]
}

/** Within each open loop, before it counts. */
const latencyWarmUpSeconds = 2

/** Where a round takes a while, or needs many requests for a percentile: longer ones, and not as many. */
export const longer = 4

/** Rounds of open loop, added to the results. */
export async function measureLatency(
  bench: Bench,
  subjects: readonly Subject[],
  { results, rateOf }: { readonly results: readonly Result[]; readonly rateOf: RateOf },
): Promise<void> {
  const rounds = Math.ceil(bench.options.rounds / longer)
  const seconds = bench.options.seconds * longer
  for (let round = 1; round <= rounds; round++) {
    bench.tell(`  latency, round ${round} of ${rounds}`)
    for (const subject of subjects) {
      const rate = Math.max(1, Math.floor(bench.options.rate ?? rateOf(subject.name)))
      const before = cpuSeconds(subject.pid)
      const {
        p50Ms,
        p99Ms,
        p999Ms,
        requests,
        seconds: took,
      } = await load(bench, subject, {
        seconds,
        rate,
        warmUpSeconds: latencyWarmUpSeconds,
      })
      const result = results.find(({ name }) => name === subject.name)
      const busyCores = (cpuSeconds(subject.pid) - before) / (took + latencyWarmUpSeconds)
      result?.latency.push({ perSecond: requests / took, p50Ms, p99Ms, p999Ms, busyCores })
    }
  }
}

/** One closed loop. */
export async function measureOnce(
  bench: Bench,
  subject: Subject,
  of: Pick<LoadTask, 'seconds'> & Partial<LoadTask>,
): Promise<Throughput> {
  let rssMiB = residentMiB(subject.pid)
  const sampler = setInterval(() => (rssMiB = Math.max(rssMiB, residentMiB(subject.pid))), 250)
  const before = usage(subject)
  const result = await load(bench, subject, of).finally(() => clearInterval(sampler))
  const after = usage(subject)
  const micros = (from: number, to: number) => ((to - from) / result.requests) * 1e6
  return {
    perSecond: result.requests / result.seconds,
    cpuMicros: micros(before.own, after.own),
    storeMicros: subject.storePid === undefined ? null : micros(before.store, after.store),
    busyCores: (after.own - before.own) / result.seconds,
    machineBusy: (after.machine.busy - before.machine.busy) / (after.machine.all - before.machine.all),
    rssMiB,
  }
}

function usage({ pid, storePid }: Subject) {
  const store = storePid === undefined ? 0 : cpuSeconds(storePid)
  return { own: cpuSeconds(pid), store, machine: machineSeconds() }
}

/** How many of its keys a subject has been asked for: each load goes on where the one before ended. */
const keysAsked = new WeakMap<Subject, number>()

async function load(
  bench: Bench,
  subject: Subject,
  of: Pick<LoadTask, 'seconds'> & Partial<LoadTask>,
): Promise<LoadResult> {
  const { port, isTls = false, text, keysFile, connections = bench.options.connections } = subject
  subject.prepare?.()
  try {
    await probe(subject)
    const firstKey = keysAsked.get(subject) ?? 0
    const keys = keysFile === undefined ? {} : { keysFile, firstKey }
    const result = await runLoad(bench, { port, isTls, text, ...keys, connections, ...of })
    assertStatuses(subject.statuses, result)
    keysAsked.set(subject, firstKey + result.requests)
    // The connections of this load close, and those of the next one find their place.
    await sleep(100)
    return result
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    throw new Error(`${subject.name}: ${reason}`, { cause: error })
  }
}

/** wrk tells good answers from refusals alone; which of them it is, is asked first. */
async function probe(subject: Subject): Promise<void> {
  if (subject.keysFile !== undefined) return
  const status = await ask({ port: subject.port, isTls: subject.isTls === true }, subject.text)
  if (!subject.statuses.includes(status)) {
    throw new Error(`answered ${status} instead of ${subject.statuses.join(' or ')}`)
  }
}

/** Throws where there is an answer of another kind, or none at all. */
export function assertStatuses(expected: readonly number[], { requests, statuses }: LoadResult): void {
  const right = expected.flatMap((status) => [String(status), status < 400 ? 'ok' : 'refused'])
  const wrong = Object.entries(statuses).filter(([name, count]) => count > 0 && !right.includes(name))
  if (wrong.length > 0) {
    const seen = wrong.map(([name, count]) => `${count} × ${name}`).join(', ')
    throw new Error(`answered ${seen} instead of ${expected.join(' or ')}, in ${requests} requests`)
  }
  if (requests === 0) throw new Error('answered nothing in the time of a measurement')
}

/** The median of one figure of a result; NaN where it was not measured. */
export function medianRate(result: Result | undefined): number {
  return medianOf((result?.throughput ?? []).map(({ perSecond }) => perSecond))
}
