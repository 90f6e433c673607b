// What a scenario is: it measures subjects, and says what is to be known about the figures.

import type { Bench } from './bench.ts'
import type { Fleet } from './fleet.ts'
import type { Result } from './measure.ts'

export interface Scenario {
  readonly name: string
  readonly title: string
  run(bench: Bench, fleet: Fleet): Promise<Findings>
}

export interface Findings {
  readonly results: readonly Result[]
  /** Single figures, by name, that are no rounds of a load. */
  readonly figures?: Readonly<Record<string, number>>
  readonly notes?: readonly string[]
  /** Requests a second of its open loops, where one was asked for: not half of what each carries, as the bar has it. */
  readonly rate?: number
}

export interface ScenarioReport extends Findings {
  readonly name: string
  readonly title: string
}

/** Names that the bars ask for. */
export const names = {
  direct: 'upstream, directly',
  hello: 'node:http hello',
  loop: 'node:http + undici loop',
  httpProxy: '@fastify/http-proxy',
  httpProxy3: 'http-proxy-3',
  nginx: 'nginx proxy_pass',
  nginxLua: 'nginx + Lua + Redis',
  caddy: 'Caddy reverse_proxy',
  haproxy: 'HAProxy',
  latchkey: 'Latchkey',
  latchkeyTls: 'Latchkey, TLS',
  latchkeyReuse: 'Latchkey, reuse: all',
  keyBesideTokens: 'Latchkey, key',
  bearer: 'Latchkey, bearer token',
  dpop: 'Latchkey, DPoP token',
  dpopRsa: 'Latchkey, DPoP token, PS256',
  junk: 'Latchkey, junk key',
  oneWorker: 'Latchkey, 1 worker',
  twoWorkers: 'Latchkey, 2 workers',
  fewKeys: 'Latchkey, 1,000 keys',
  manyKeys: 'Latchkey, many keys',
  memory: 'Latchkey, 100,000 keys in memory',
} as const
