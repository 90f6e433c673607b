// Access tokens beside keys: as Bearer, and bound to a key of the client, with a proof of its own for each request. And what it
// takes to ask clients for a certificate.

import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { connect } from 'node:tls'
import { createPostgres } from '../../src/store/postgres.ts'
import { issueToken, makeProof, type ProofKey, proofKey } from '../../test/support/access-token.ts'
import { tlsFile } from '../../test/support/tls.ts'
import type { Bench } from '../bench.ts'
import type { Gateway } from '../gateway.ts'
import { gatewaySubject, measureThroughput, type Subject } from '../measure.ts'
import { cpuSeconds } from '../process-usage.ts'
import { getSmall, getWithProof, getWithToken, provenUrl } from '../requests.ts'
import { names, type Scenario } from '../scenario.ts'
import { spreadOf } from '../statistics.ts'

/** More than any gateway here answers: a proof that comes twice is refused. */
const mostPerSecond = 12_000
const lifetimeMs = 6 * 60 * 60_000

/** All of one process: what differs is the request. */
export const tokens: Scenario = {
  name: 'tokens',
  title:
    'GET, answers of 300 bytes: with a key, with an access token, with one that is bound to a key (DPoP)',
  async run(bench, fleet) {
    const gateway = await fleet.extra({ name: 'latchkey-tokens', takesTokens: true })
    const key = proofKey()
    const rsa = proofKey('PS256')
    const [bearer = '', bound = '', boundRsa = ''] = await issue(gateway, [null, key.jkt, rsa.jkt])
    const of = (name: string, text: string, more: Partial<Subject> = {}) =>
      gatewaySubject(name, gateway, { text, statuses: [200], ...more })
    const results = await measureThroughput(bench, [
      of(names.keyBesideTokens, getSmall(await gateway.key())),
      of(names.bearer, getWithToken(bearer)),
      of(names.dpop, getWithProof(bound), freshProofs(bench, gateway, { key, token: bound })),
      of(names.dpopRsa, getWithProof(boundRsa), freshProofs(bench, gateway, { key: rsa, token: boundRsa })),
    ])
    await fleet.stop(gateway)
    return {
      results,
      notes: ['DPoP: ES256 or PS256, a proof of its own for each request, its `jti` in Redis.'],
    }
  },
}

async function issue({ database, admin }: Gateway, bindings: readonly (string | null)[]): Promise<string[]> {
  const merchant = await admin.makeMerchant('Tokens')
  const db = createPostgres({ url: database, applicationName: 'bench' })
  const made: string[] = []
  for (const jkt of bindings) made.push((await issueToken(db, merchant, { jkt, lifetimeMs })).text)
  await db.close()
  return made
}

interface Bound {
  readonly key: ProofKey
  readonly token: string
}

/** Made before each measurement: a proof is good for a minute. */
function freshProofs({ folder, options }: Bench, { emptyLog }: Gateway, { key, token }: Bound) {
  const file = join(folder, `proofs-${key.alg}`)
  const count = Math.ceil(mostPerSecond * Math.max(options.seconds, options.warmUpSeconds, 1))
  return {
    keysFile: file,
    prepare() {
      emptyLog()
      const all = Array.from({ length: count }, () => makeProof(key, { token, htu: provenUrl }))
      writeFileSync(file, `${all.join('\n')}\n`)
    },
  }
}

/** Full handshakes, each with one request. */
const handshakesPerRound = 400
const atOnce = 8

export const handshakes: Scenario = {
  name: 'handshakes',
  title: 'A TLS handshake with one request: clients are asked for a certificate, or not',
  async run(bench, fleet) {
    const off = await fleet.extra({ name: 'latchkey-tls-off', isTls: true })
    const on = await fleet.extra({ name: 'latchkey-tls-asks', isTls: true, asksClients: true })
    const shown = { cert: readFileSync(tlsFile('client.pem')), key: readFileSync(tlsFile('client.key')) }
    const kinds = [
      { name: 'not asked', gateway: off, shown: {} },
      { name: 'asked, none shown', gateway: on, shown: {} },
      { name: 'asked, one shown', gateway: on, shown },
    ]
    const micros = new Map<string, number[]>()
    for (let round = 0; round <= bench.options.rounds; round++) {
      bench.tell(`  round ${round} of ${bench.options.rounds}`)
      for (const { name, gateway, shown: with_ } of kinds) {
        const text = getSmall(await gateway.key())
        const took = await shakeHands(gateway, { text, ...with_ })
        // The first warms it up.
        if (round > 0) micros.set(name, [...(micros.get(name) ?? []), took])
      }
    }
    await fleet.stop(off, on)
    const figures = [...micros].flatMap(([name, all]) => [
      [`${name}: CPU µs, least of all rounds`, spreadOf(all).least] as const,
      [`${name}: CPU µs, median`, spreadOf(all).median] as const,
    ])
    return { results: [], figures: Object.fromEntries(figures) }
  },
}

interface Shown {
  readonly text: string
  readonly cert?: Buffer
  readonly key?: Buffer
}

/** CPU time of the gateway for each, in microseconds. */
async function shakeHands({ child, port }: Gateway, shown: Shown): Promise<number> {
  const before = cpuSeconds(child.pid)
  let left = handshakesPerRound
  await Promise.all(
    Array.from({ length: atOnce }, async () => {
      while (left-- > 0) await shakeHandsOnce(port, shown)
    }),
  )
  return ((cpuSeconds(child.pid) - before) / handshakesPerRound) * 1e6
}

function shakeHandsOnce(port: number, { text, ...shown }: Shown): Promise<void> {
  return new Promise((resolve, reject) => {
    // The servers' authority is a test's; without a session to go on with, each handshake is a whole one.
    const socket = connect({ port, host: '127.0.0.1', rejectUnauthorized: false, ...shown }, () =>
      socket.write(text),
    )
    socket.once('error', reject)
    socket.once('data', (bytes) => {
      socket.destroy()
      if (bytes.toString('latin1').startsWith('HTTP/1.1 200')) resolve()
      else reject(new Error(`answered ${bytes.toString('latin1').slice(0, 100)}`))
    })
  })
}
