// Many keys: in memory, in Redis alone, in Postgres alone; and how much memory a hundred thousand of them take.

import { makeSecrets, type KeyList, seedKeys } from '../keys.ts'
import {
  gatewaySubject,
  longer,
  measureOnce,
  measureThroughput,
  type Result,
  type Subject,
  type Throughput,
} from '../measure.ts'
import type { Bench } from '../bench.ts'
import type { Fleet } from '../fleet.ts'
import type { Gateway } from '../gateway.ts'
import { getSmall } from '../requests.ts'
import { names, type Scenario } from '../scenario.ts'

const eachKey = { text: getSmall('{key}'), statuses: [200] }

export const keysInMemory = inMemory('keys-memory', 10_000, 'Latchkey, 10,000 keys in memory')
export const memory = inMemory('memory', 100_000, names.memory)

function inMemory(name: string, count: number, subjectName: string): Scenario {
  return {
    name,
    title: `${count.toLocaleString('en')} keys in memory, in turn`,
    async run(bench, fleet) {
      const gateway = await fleet.extra({ name: `latchkey-${name}` })
      const known = makeSecrets(bench, name, count)
      await seedKeys(gateway.database, { known, fillers: 0 })
      await askOnce(bench, gateway, known)
      const subject = gatewaySubject(subjectName, gateway, { ...eachKey, keysFile: known.file })
      const results = await measureThroughput(bench, [subject])
      await fleet.stop(gateway)
      return { results }
    },
  }
}

/** Each key once, by our own program, which counts; how it went. */
function askOnce(bench: Bench, gateway: Gateway, known: KeyList, storePid?: number): Promise<Throughput> {
  const of = { ...eachKey, keysFile: known.file, ...(storePid !== undefined && { storePid }) }
  const count = known.secrets.length
  return measureOnce(bench, gatewaySubject('each key once', gateway, of), { seconds: 600, count })
}

export const keysInRedis: Scenario = {
  name: 'keys-redis',
  title: 'Keys that are in Redis and not in memory, each once',
  async run(bench, fleet) {
    const { warmUpSeconds } = bench.options
    const rounds = Math.ceil(bench.options.rounds / longer)
    const first = await fleet.extra({ name: 'latchkey-redis' })
    const known = makeSecrets(bench, 'redis', 20_000)
    const { database } = first
    await seedKeys(database, { known, fillers: 0 })
    const warmUp = getSmall(await first.key())
    // By this, Redis has them all.
    await askOnce(bench, first, known)
    await fleet.stop(first)
    const throughput: Throughput[] = []
    for (let round = 1; round <= rounds; round++) {
      bench.tell(`  throughput, round ${round} of ${rounds}: a new process`)
      const gateway = await fleet.extra({ name: `latchkey-redis-${round}`, database })
      const warm = gatewaySubject('warm-up', gateway, { text: warmUp, statuses: [200] })
      await measureOnce(bench, warm, { seconds: warmUpSeconds })
      throughput.push(await askOnce(bench, gateway, known, bench.stores.redis.pid))
      await fleet.stop(gateway)
    }
    return { results: [{ name: 'Latchkey, keys in Redis', throughput, latency: [] }] }
  },
}

export const keysInPostgres: Scenario = {
  name: 'keys-postgres',
  title: 'Keys that only Postgres may confirm: a cold look-up for each request',
  async run(bench, fleet) {
    const few = await coldGateway(bench, fleet, {
      name: names.fewKeys,
      slug: 'few',
      asked: 1_000,
      fillers: 0,
    })
    const fillers = Math.max(0, bench.options.keys - 50_000)
    bench.tell(`  writing ${bench.options.keys.toLocaleString('en')} keys`)
    const asked = Math.min(50_000, bench.options.keys)
    const many = await coldGateway(bench, fleet, { name: names.manyKeys, slug: 'many', asked, fillers })
    const results: Result[] = await measureThroughput(bench, [few.subject, many.subject])
    await fleet.stop(few.gateway, many.gateway)
    return {
      results,
      figures: { 'keys in the larger database': bench.options.keys },
      notes: [
        'stale_limit is 1 ms here, so that neither memory nor Redis may answer; requests that arrive together share a query.',
      ],
    }
  },
}

interface Cold {
  readonly name: string
  /** For its files. */
  readonly slug: string
  readonly asked: number
  readonly fillers: number
}

async function coldGateway(
  bench: Bench,
  fleet: Fleet,
  { name, slug, asked, fillers }: Cold,
): Promise<{ readonly gateway: Gateway; readonly subject: Subject }> {
  const gateway = await fleet.extra({ name: `latchkey-cold-${slug}`, staleLimit: '1ms' })
  const known = makeSecrets(bench, `cold-${slug}`, asked)
  await seedKeys(gateway.database, { known, fillers })
  const of = { ...eachKey, keysFile: known.file, storePid: bench.stores.postgres.pid }
  return { gateway, subject: gatewaySubject(name, gateway, of) }
}
