// More processes, and more connections.

import type { Bench } from '../bench.ts'
import type { Fleet } from '../fleet.ts'
import { gatewaySubject, longer, measureThroughput, type Subject } from '../measure.ts'
import { getSmall } from '../requests.ts'
import { names, type Scenario } from '../scenario.ts'

export const workers: Scenario = {
  name: 'workers',
  title: 'One worker and two, on all cores together with load and upstream',
  async run(bench, fleet) {
    const one = await fleet.extra({ name: 'latchkey-1-worker', isUnpinned: true })
    const { database } = one
    const two = await fleet.extra({ name: 'latchkey-2-workers', isUnpinned: true, workers: 2, database })
    const of = { text: getSmall(await one.key()), statuses: [200] }
    const subjects = [gatewaySubject(names.oneWorker, one, of), gatewaySubject(names.twoWorkers, two, of)]
    const results = await measureThroughput(bench, subjects)
    await fleet.stop(two, one)
    return {
      results,
      notes: [
        `Load, upstream and stores take part of the same ${bench.cores} cores: where the machine is busy throughout, a second worker`,
        'finds no second core. What two workers carry on cores of their own follows from the CPU time a request.',
      ],
    }
  },
}

const levels = [16, 64, 256, 1_024, 4_096]

export const connections: Scenario = {
  name: 'connections',
  title: '16 to 4,096 connections',
  async run(bench, fleet) {
    // With its default, an upstream of 128 connections lets 512 requests wait and refuses the others.
    const latchkey = await fleet.extra({ name: 'latchkey-connections', queue: 16_384 })
    const of = { text: getSmall(await latchkey.key()), statuses: [200] }
    const others = await foreign(fleet, of)
    const subjects = levels.flatMap((count) =>
      [gatewaySubject(names.latchkey, latchkey, of), ...others].map((subject) => atLevel(subject, count)),
    )
    const results = await measureThroughput(inLongerRounds(bench), subjects)
    await fleet.stop(latchkey)
    return { results, notes: ['Latchkey has upstreams.payments.queue: 16384 here.'] }
  },
}

/** Thousands of connections take seconds to open. */
function inLongerRounds(bench: Bench): Bench {
  const { rounds, seconds, warmUpSeconds } = bench.options
  const times = { rounds: Math.ceil(rounds / longer), seconds: seconds * longer }
  return { ...bench, options: { ...bench.options, ...times, warmUpSeconds: Math.max(8, warmUpSeconds) } }
}

async function foreign(fleet: Fleet, of: Pick<Subject, 'text' | 'statuses'>): Promise<Subject[]> {
  const loop = await fleet.peer('loop')
  const nginx = await fleet.peer('nginx')
  return [
    ...(loop ? [{ name: names.loop, pid: loop.child.pid, port: loop.port, ...of }] : []),
    ...(nginx ? [{ name: names.nginx, pid: nginx.child.pid, port: nginx.port, ...of }] : []),
  ]
}

function atLevel(subject: Subject, connections: number): Subject {
  return { ...subject, connections, name: `${subject.name}, ${connections.toLocaleString('en')} connections` }
}
