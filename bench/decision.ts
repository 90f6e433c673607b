// What the gateway takes to decide on a request whose key is in memory: the head read, path, host, route, credential,
// digest, look-up, permissions. In process, without a socket; so it says what of a request's cost is ours to decide.
//
//   npm run build && node build/bench/decision.js [--json] [--once]

import { IncomingMessage, ServerResponse } from 'node:http'
import { Socket } from 'node:net'
import { performance } from 'node:perf_hooks'
import { fileURLToPath } from 'node:url'
import { loadConfig } from '../src/config/load.ts'
import { digestOf, generateSecret, Secret } from '../src/credentials/secret.ts'
import type { Denial } from '../src/errors/denial.ts'
import type { Access } from '../src/gateway/access.ts'
import { accessMaker } from '../src/gateway/listener/begin.ts'
import { decisionStages } from '../src/decision/stages.ts'
import { nobodyIsCounted } from '../src/decision/misses.ts'
import { runStages } from '../src/decision/run-stages.ts'
import { keepToldPeer } from '../src/gateway/listener/peer.ts'
import { createUpstreams } from '../src/gateway/upstream/upstreams.ts'
import { type Changes, createChanges } from '../src/lookup/changes.ts'
import { createLimiter } from '../src/limits/limiter.ts'
import { nobodyHasQuotas } from '../src/limits/quotas.ts'
import type { Lookup } from '../src/lookup/found.ts'
import { nobodyIsTrusted } from '../src/lookup/issuer/checked-token.ts'
import { nothingIsRepeated } from '../src/lookup/proofs-seen.ts'
import { createKnownEntries } from '../src/lookup/known-entries.ts'
import { createMemoryTier } from '../src/lookup/memory-tier.ts'
import { spreadOf } from './statistics.ts'

const rounds = process.argv.includes('--once') ? 1 : 30
const decisions = 50_000
const demo = fileURLToPath(new URL('../../config/demo.yaml', import.meta.url))

const loaded = await loadConfig(demo, {})
if (!loaded.ok) throw new Error('config/demo.yaml must be valid')
const { settings, table } = loaded.config
const monotonicNow = () => performance.now()
const changes: Changes = createChanges()
changes.restart('bench', 0)
const memory = createMemoryTier({
  known: createKnownEntries(200_000),
  maxUnknown: 50_000,
  changes,
  confirmedAt: monotonicNow,
  monotonicNow,
  now: Date.now,
  staleLimitMs: () => 900_000,
})
const { limits, requireHttps, trustedProxies, clientCertHeader } = settings.gateway
const lookup: Lookup = { find: (digest) => memory.get(digest) ?? missing(), findInMemory: memory.get }
const limiter = createLimiter({ store: null, instances: () => 1, monotonicNow })
const stages = decisionStages({
  ...{
    lookup,
    issuers: nobodyIsTrusted,
    misses: nobodyIsCounted,
    limiter,
    quotas: nobodyHasQuotas,
    proofs: nothingIsRepeated,
    limits,
    requireHttps,
    now: Date.now,
  },
})
const reply = new ServerResponse(new IncomingMessage(new Socket()))
// Nothing is forwarded, so no connection is opened.
const upstreams = createUpstreams(settings, table)
const begin = accessMaker({
  trustedProxies,
  clientCertHeader,
  limits,
  drain: { isDraining: false },
  load: { leave() {} },
  inForce: () => ({ table, upstreams }),
  denied: () => null,
  newId: () => 'req_bench',
})

const oneKey = microseconds(requestsWith(1))
const manyKeys = microseconds(requestsWith(10_000))
if (process.argv.includes('--json')) console.log(JSON.stringify({ oneKey, manyKeys }))
else console.log(`µs a decision: ${oneKey.toFixed(2)} for one key, ${manyKeys.toFixed(2)} for 10,000 in turn`)

function missing(): never {
  throw new Error('every key is in memory')
}

/** Requests as the parser hands them over, each with a key that memory knows. */
function requestsWith(keys: number): IncomingMessage[] {
  return Array.from({ length: keys }, (_, n) => {
    const secret = generateSecret('pk_live_')
    const record = recordOf(n)
    memory.fill(digestOf(secret), { record, revision: 0, confirmedAtMs: Date.now() })
    const socket = new Socket()
    keepToldPeer(socket, '127.0.0.1')
    const raw = new IncomingMessage(socket)
    raw.method = 'GET'
    raw.url = '/v1/transactions/txn_1001'
    raw.httpVersionMajor = raw.httpVersionMinor = 1
    raw.rawHeaders = ['Host', 'api.flintn.com', 'Accept', 'application/json', 'User-Agent', 'bench']
    raw.rawHeaders.push('X-Api-Key', Secret.reveal(secret))
    return raw
  })
}

function recordOf(n: number) {
  return {
    kind: 'api_key',
    keyId: `key_${n}`,
    secretId: `sec_${n}`,
    merchantId: `mer_${n % 100}`,
    api: 'flintn',
    environment: 'live',
    status: 'active',
    merchantStatus: 'active',
    permissions: ['transaction.read', 'transaction.search'],
    expiresAtMs: null,
    secretExpiresAtMs: null,
    limits: null,
    token: null,
    revision: 0,
  } as const
}

/** The least of the rounds, as of all CPU time (docs/performance.md). */
function microseconds(requests: readonly IncomingMessage[]): number {
  const times: number[] = []
  for (let round = 0; round < rounds; round++) {
    const start = performance.now()
    for (let n = 0; n < decisions; n++) {
      const raw = requests[n % requests.length]
      if (raw !== undefined) decide(raw)
    }
    times.push(((performance.now() - start) / decisions) * 1_000)
  }
  return spreadOf(times).least
}

function decide(raw: IncomingMessage): void {
  runStages(stages, begin(raw, reply, raw.url ?? ''), mustBeAllowed)
}

function mustBeAllowed(access: Access, denial: Denial | undefined): void {
  if (denial !== undefined || access.principal === undefined) throw new Error(`refused: ${denial?.code}`)
}
