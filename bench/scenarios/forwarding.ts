// Requests that go through: small ones, ones with a body, ones with a large answer. Latchkey with everything on beside
// those that check nothing (and one that asks Redis for the key).

import type { Bench } from '../bench.ts'
import type { Fleet } from '../fleet.ts'
import type { Gateway } from '../gateway.ts'
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

export const get = forwarding('get', 'GET, answers of 300 bytes', { message: getSmall })
export const post = forwarding('post', 'POST of 2 KiB, answers of 300 bytes', { message: postSmall })
export const large = forwarding('large', 'GET, answers of 1 MiB, on 16 connections', {
  message: getLarge,
  connections: 16,
})

interface Traffic {
  readonly message: (key: string) => string
  /** Left out: those of the command line. */
  readonly connections?: number
}

type Asked = Pick<Subject, 'text' | 'statuses' | 'connections'>

function forwarding(name: string, title: string, { message, ...traffic }: Traffic): Scenario {
  return {
    name,
    title,
    async run(bench, fleet) {
      const text = message(await (await fleet.latchkey()).key())
      const asked = { ...traffic, text, statuses: [200] }
      // A fixed answer is no measure for one that is forwarded whole.
      const wanted = peers.filter(([peer]) => peer !== 'hello' || name === 'get')
      const subjects = [
        ...(await peerSubjects(bench, fleet, { wanted, asked })),
        ...(await ownSubjects(bench, fleet, { name, asked })),
      ]
      return measureBoth(bench, subjects, asked)
    },
  }
}

interface Wanted {
  readonly wanted: typeof peers
  readonly asked: Asked
}

async function peerSubjects(bench: Bench, fleet: Fleet, { wanted, asked }: Wanted): Promise<Subject[]> {
  const subjects: Subject[] = []
  for (const [peer, name] of wanted.filter(([, one]) => isChosen(bench, one))) {
    const server = await fleet.peer(peer)
    if (server !== undefined) subjects.push({ name, pid: server.child.pid, port: server.port, ...asked })
  }
  return subjects
}

async function ownSubjects(
  bench: Bench,
  fleet: Fleet,
  { name, asked }: { readonly name: string; readonly asked: Asked },
): Promise<Subject[]> {
  const own: readonly (readonly [name: string, start: () => Promise<Gateway>])[] = [
    [names.latchkey, fleet.latchkey],
    [names.latchkeyTls, fleet.latchkeyTls],
    // Of a request without a body it makes no difference.
    ...(name === 'post'
      ? ([[names.latchkeyReuse, () => fleet.variant({ name: 'latchkey-reuse', reuse: 'all' })]] as const)
      : []),
  ]
  const subjects: Subject[] = []
  for (const [subject, start] of own)
    if (isChosen(bench, subject)) subjects.push(gatewaySubject(subject, await start(), asked))
  return subjects
}

function isChosen({ options }: Bench, name: string): boolean {
  return options.only.length === 0 || options.only.some((part) => name.includes(part))
}

/**
 * The rate of the open loop is half of what a subject carried, and at most half of what Latchkey carried: so those who
 * carry more are seen at the same rate as Latchkey, and the load is not what is measured.
 */
async function measureBoth(bench: Bench, subjects: readonly Subject[], asked: Asked): Promise<Findings> {
  const results = await measureThroughput(bench, subjects)
  const { child, port } = bench.upstream
  const direct: Subject = { name: names.direct, pid: child.pid, port, ...asked }
  const all = [{ name: direct.name, throughput: [], latency: [] }, ...results]
  const rateOf = (name: string): number => {
    const measured = [name, names.latchkey].map((each) =>
      medianRate(results.find((one) => one.name === each)),
    )
    return Math.max(1, Math.min(...measured.filter((rate) => !Number.isNaN(rate))) / 2)
  }
  await measureLatency(bench, [direct, ...subjects], { results: all, rateOf })
  const { rate } = bench.options
  if (rate !== null) return { results: all, rate, notes: ['Latencies: open loop, at the rate asked for.'] }
  return {
    results: all,
    notes: [
      'Latencies: open loop, at half of what the subject carries, and at most half of what Latchkey carries.',
    ],
  }
}
