// This checkout beside another one, in one run: several processes of each kind, all of them in turn in every round. One
// process may have been lucky with its memory or its compiled code; of several, each with a database and a key of its own,
// the least and the median say what the version costs.

import type { Bench } from '../bench.ts'
import type { Fleet } from '../fleet.ts'
import { gatewaySubject, measureThroughput, type Result, type Subject } from '../measure.ts'
import { getForbidden, getLarge, getSmall, postSmall } from '../requests.ts'
import type { Findings, Scenario } from '../scenario.ts'
import { medianOf, spreadOf } from '../statistics.ts'

interface Traffic {
  readonly what: string
  readonly message: (key: string) => string
  readonly status: number
  readonly connections?: number
}

/** By the names of the scenarios that ask the same. */
const traffics: Readonly<Record<string, Traffic>> = {
  get: { what: 'GET, answers of 300 bytes', message: getSmall, status: 200 },
  post: { what: 'POST of 2 KiB', message: postSmall, status: 200 },
  large: { what: 'GET, answers of 1 MiB', message: getLarge, status: 200, connections: 16 },
  '401': { what: '401: a junk key', message: () => getSmall('pk_live_junk'), status: 401 },
  '403': { what: '403: a key without the permission', message: getForbidden, status: 403 },
}

/** What a scenario asks, of this checkout and of `checkout`; undefined: it cannot be asked of two. */
export function against(scenario: Scenario, checkout: string): Scenario | undefined {
  const traffic = traffics[scenario.name]
  if (traffic === undefined) return undefined
  return {
    name: scenario.name,
    title: `${traffic.what}: this checkout beside ${checkout}`,
    run: (bench, fleet) => compare(bench, fleet, { traffic, checkout }),
  }
}

/** Which scenarios `--against` takes. */
export const againstScenarios: readonly string[] = Object.keys(traffics)

async function compare(
  bench: Bench,
  fleet: Fleet,
  { traffic, checkout }: { readonly traffic: Traffic; readonly checkout: string },
): Promise<Findings> {
  const { message, status, what: _, ...asked } = traffic
  const redis = await bench.stores.makeRedis()
  const subjects: Subject[] = []
  const gateways = []
  for (let n = 1; n <= bench.options.processes; n++) {
    for (const kind of ['this', 'other'] as const) {
      const of = kind === 'this' ? {} : { checkout, redis }
      const gateway = await fleet.extra({ name: `${kind}-${n}`, ...of })
      gateways.push(gateway)
      const text = message(await gateway.key())
      subjects.push(gatewaySubject(`${kind} ${n}`, gateway, { ...asked, text, statuses: [status] }))
    }
  }
  const results = await measureThroughput(bench, subjects)
  await fleet.stop(...gateways)
  return { results, figures: ratiosOf(results) }
}

/** CPU a request of this checkout, as so many times that of the other. */
export function ratiosOf(results: readonly Pick<Result, 'name' | 'throughput'>[]): Record<string, number> {
  const [own, other] = ['this', 'other'].map((kind) =>
    results.filter(({ name }) => name.startsWith(`${kind} `)).map(({ throughput }) => throughput.map(cpuOf)),
  )
  const least = (rounds: readonly number[][] = []) => spreadOf(rounds.flat()).least
  const median = (rounds: readonly number[][] = []) => medianOf(rounds.flat())
  const count = own?.[0]?.length ?? 0
  const byRound = Array.from({ length: count }, (_, n) => sumOf(own, n) / sumOf(other, n))
  return {
    'CPU a request ÷ the other, least of all rounds': least(own) / least(other),
    'CPU a request ÷ the other, median of all rounds': median(own) / median(other),
    'CPU a request ÷ the other, median of the ratio of each round': medianOf(byRound),
  }
}

function cpuOf({ cpuMicros }: { readonly cpuMicros: number }): number {
  return cpuMicros
}

function sumOf(rounds: readonly number[][] = [], n: number): number {
  if (rounds.length === 0) return Number.NaN
  return rounds.reduce((sum, one) => sum + (one[n] ?? Number.NaN), 0)
}
