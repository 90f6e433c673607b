// The bars: ratios and figures of one run that must hold, with what is aimed at beyond them.

import type { Latency, Result, Throughput } from './measure.ts'
import { names, type ScenarioReport } from './scenario.ts'
import { decisionFigures } from './scenarios/decision.ts'
import { limitFigures } from './scenarios/limits.ts'
import { medianOf, spreadOf } from './statistics.ts'

export interface Figure {
  readonly title: string
  /** NaN: it could not be measured in this run. */
  readonly value: number
  readonly unit: '' | 'ms' | 'µs' | 'MiB' | 'bytes'
  /** null: nothing is required, the figure is for the reader. */
  readonly bar: number | null
  readonly aim: number | null
}

export type Verdict = 'aim' | 'bar' | 'missed' | 'not measured' | 'told'

/** How a figure stands. */
export function verdictOf({ value, bar, aim }: Figure): Verdict {
  if (Number.isNaN(value)) return 'not measured'
  if (bar === null) return 'told'
  if (value > bar) return 'missed'
  return aim !== null && value <= aim ? 'aim' : 'bar'
}

/** How the rounds of a subject become one figure of CPU time. */
export type Of = 'least' | 'median'

/** All figures that have a bar, from whatever scenarios have run. The bars judge those of the least. */
export function figuresOf(reports: readonly ScenarioReport[], cpuOf: Of = 'least'): Figure[] {
  const in_ = (scenario: string) =>
    readerOf(
      reports.find(({ name }) => name === scenario),
      cpuOf,
    )
  const get = in_('get')
  const own = get.cpu(names.latchkey)
  const flood = in_('401')
  const cold = in_('keys-postgres')
  const { figure } = in_('decision')
  const limits = in_('limits')
  const workers = in_('workers')
  const tokens = in_('tokens')
  const key = tokens.cpu(names.keyBesideTokens)
  const ratio = (title: string, value: number, [bar, aim]: readonly [number, number]): Figure => {
    return { title, value, unit: '', bar, aim }
  }
  return [
    ratio('CPU a request ÷ bare @fastify/http-proxy', own / get.cpu(names.httpProxy), [0.7, 0.5]),
    ratio('CPU a request ÷ bare node:http + undici loop', own / get.cpu(names.loop), [1.4, 1.1]),
    ratio('CPU a request ÷ Caddy reverse_proxy', own / get.cpu(names.caddy), [0.7, 0.45]),
    ratio('CPU a request ÷ nginx + Lua + Redis', own / get.cpu(names.nginxLua), [2.8, 2]),
    {
      ...ratio('p99 at half load, above the upstream directly', get.p99(names.latchkey), [2, 0.7]),
      value: get.p99(names.latchkey) - get.p99(names.direct),
      unit: 'ms',
    },
    ratio(
      'refusing a junk key, CPU ÷ node:http hello',
      flood.cpu(names.junk) / flood.cpu(names.hello),
      [1.6, 1.2],
    ),
    ratio('CPU a request with a bearer token ÷ with a key', tokens.cpu(names.bearer) / key, [1.05, 1.02]),
    ratio('CPU a request with a DPoP token, PS256 ÷ with a key', tokens.cpu(names.dpopRsa) / key, [3, 2]),
    // The signature's check alone takes twice what all else does.
    ratio('CPU a request with a DPoP token, ES256 ÷ with a key', tokens.cpu(names.dpop) / key, [6, 4]),
    { ...ratio('decision for a key in memory', figure(decisionFigures.many), [6, 2]), unit: 'µs' },
    { ...ratio('two limits, CPU a request', limits.figure(limitFigures.two), [3, 2]), unit: 'µs' },
    { ...ratio('in_flight, CPU a request', limits.figure(limitFigures.inFlight), [3, 2]), unit: 'µs' },
    {
      ...ratio(
        'memory a key with limits whose burst is there again',
        limits.figure(limitFigures.idle),
        [100, 1],
      ),
      unit: 'bytes',
    },
    {
      ...ratio('RSS with 100,000 keys in memory, under load', in_('memory').rss(names.memory), [220, 140]),
      unit: 'MiB',
    },
    {
      ...ratio(coldTitle(cold.figure('keys in the larger database')), Number.NaN, [1.5, 1.1]),
      value: cold.withStore(names.manyKeys) / cold.withStore(names.fewKeys),
    },
    ...workerFigures(workers),
  ]
}

function coldTitle(keys: number): string {
  const many = Number.isNaN(keys) ? '10⁷' : keys.toLocaleString('en')
  return `cold look-up at ${many} keys ÷ at 1,000, CPU with Postgres`
}

function workerFigures(workers: Reader): Figure[] {
  const told = { unit: '', bar: null, aim: null } as const
  return [
    {
      ...told,
      title: 'throughput of 2 workers ÷ 1, on this machine with the load',
      value: workers.rate(names.twoWorkers) / workers.rate(names.oneWorker),
    },
    {
      ...told,
      title: '… with a core for each, from CPU a request',
      value: (2 * workers.cpu(names.oneWorker)) / workers.cpu(names.twoWorkers),
    },
  ]
}

interface Reader {
  /** Microseconds. */
  cpu(name: string): number
  /** CPU of the subject and of the store that works for it. */
  withStore(name: string): number
  rate(name: string): number
  rss(name: string): number
  p99(name: string): number
  figure(name: string): number
}

/**
 * What a report's results come to; NaN for what it does not hold. Of CPU time the least of all rounds, unless asked
 * otherwise: neighbours add to it, and never take away. Of latencies the median, as they have a tail of their own; of
 * memory and rate the most.
 */
function readerOf(report: ScenarioReport | undefined, cpuOf: Of): Reader {
  const find = (name: string): Result | undefined => report?.results.find((result) => result.name === name)
  const throughput = (name: string, of: (round: Throughput) => number) =>
    spreadOf((find(name)?.throughput ?? []).map(of))
  const latency = (name: string, of: (round: Latency) => number) =>
    medianOf((find(name)?.latency ?? []).map(of))
  return {
    cpu: (name) => throughput(name, ({ cpuMicros }) => cpuMicros)[cpuOf],
    withStore: (name) =>
      throughput(name, ({ cpuMicros, storeMicros }) => cpuMicros + (storeMicros ?? 0))[cpuOf],
    rate: (name) => throughput(name, ({ perSecond }) => perSecond).most,
    rss: (name) => throughput(name, ({ rssMiB }) => rssMiB).most,
    p99: (name) => (report?.rate === undefined ? latency(name, ({ p99Ms }) => p99Ms) : Number.NaN),
    figure: (name) => report?.figures?.[name] ?? Number.NaN,
  }
}
