// Requests that go through: small ones, ones with a body, ones with a large answer. Latchkey with everything on beside
// those that check nothing (and one that asks Redis for the key).

import type { Bench } from '../bench.ts'
import type { Fleet } from '../fleet.ts'
import { gatewaySubject, measureLatency, measureThroughput, medianRate, type Subject } from '../measure.ts'
import type { PeerName } from '../peers.ts'
import { getLarge, getSmall, postSmall } from '../requests.ts'
import { type Findings, names, type Scenario } from '../scenario.ts'

const peers: readonly (readonly [PeerName, string])[] = [
  ['hello', names.hello],
  ['loop', names.loop],
  ['http-proxy', names.httpProxy],
  ['http-proxy-3', names.httpProxy3],
  ['nginx', names.nginx],
  ['nginx-lua', names.nginxLua],
  ['caddy', names.caddy],
  ['haproxy', names.haproxy],
]

export const get = forwarding('get', 'GET, answers of 300 bytes', getSmall)
export const post = forwarding('post', 'POST of 2 KiB, answers of 300 bytes', postSmall)
export const large = forwarding('large', 'GET, answers of 1 MiB', getLarge)

function forwarding(name: string, title: string, message: (key: string) => string): Scenario {
  return {
    name,
    title,
    async run(bench, fleet) {
      const text = message(await (await fleet.latchkey()).key())
      // A fixed answer is no measure for one that is forwarded whole.
      const subjects = await subjectsFor(bench, fleet, { text, withHello: name === 'get' })
      return measureBoth(bench, subjects, text)
    },
  }
}

async function subjectsFor(
  bench: Bench,
  fleet: Fleet,
  { text, withHello }: { readonly text: string; readonly withHello: boolean },
): Promise<Subject[]> {
  const isWanted = (name: string) =>
    bench.options.only.length === 0 || bench.options.only.some((part) => name.includes(part))
  const subjects: Subject[] = []
  for (const [peer, name] of peers.filter(([, name]) => isWanted(name))) {
    const server = peer === 'hello' && !withHello ? undefined : await fleet.peer(peer)
    if (server !== undefined) {
      subjects.push({ name, pid: server.child.pid, port: server.port, text, statuses: [200] })
    }
  }
  const of = { text, statuses: [200] }
  if (isWanted(names.latchkey)) subjects.push(gatewaySubject(names.latchkey, await fleet.latchkey(), of))
  if (isWanted(names.latchkeyTls))
    subjects.push(gatewaySubject(names.latchkeyTls, await fleet.latchkeyTls(), of))
  return subjects
}

/**
 * The rate of the open loop is half of what a subject carried, and at most half of what Latchkey carried: so those who
 * carry more are seen at the same rate as Latchkey, and the load is not what is measured.
 */
async function measureBoth(bench: Bench, subjects: readonly Subject[], text: string): Promise<Findings> {
  const results = await measureThroughput(bench, subjects)
  const { child, port } = bench.upstream
  const direct: Subject = { name: names.direct, pid: child.pid, port, text, statuses: [200] }
  const all = [{ name: direct.name, throughput: [], latency: [] }, ...results]
  const rateOf = (name: string): number => {
    const measured = [name, names.latchkey].map((each) =>
      medianRate(results.find((one) => one.name === each)),
    )
    return Math.max(1, Math.min(...measured.filter((rate) => !Number.isNaN(rate))) / 2)
  }
  await measureLatency(bench, [direct, ...subjects], { results: all, rateOf })
  return {
    results: all,
    notes: [
      'Latencies: open loop, at half of what the subject carries, and at most half of what Latchkey carries.',
    ],
  }
}
