// The files of docs/guides for fronts, run as they are before two gateways: over TLS, with who the client is, one id, and
// nothing changed on the way; and with one gateway gone.

import { readFileSync } from 'node:fs'
import { request } from 'node:https'
import { setTimeout as sleep } from 'node:timers/promises'
import t, { type Test } from 'tap'
import { type KeyedProgram, startKeyedProgram } from '../support/keyed-program.ts'
import { startTestProgram, type TestProgram } from '../support/program.ts'
import { tlsFile } from '../support/tls.ts'
import { inThisForm } from './form.ts'
import { guideFronts } from './fronts/guides.ts'
import { listen } from './programs/run.ts'

t.setTimeout(600_000)

/** Of the client; no trusted proxy. */
const clientAddress = '127.0.0.9'
const gateway = ', trusted_proxies: [127.0.0.1], require_https: true, health: /healthz'
const authority = readFileSync(tlsFile('ca.pem'))

interface Asked {
  readonly port: number
  readonly path: string
  readonly headers: Record<string, string>
  readonly body?: Buffer
}

interface Told {
  readonly status: number | undefined
  readonly headers: Record<string, unknown>
  readonly body: string
}

function ask({ port, path, headers, body }: Asked): Promise<Told> {
  return new Promise((resolve, reject) => {
    const sent = request({
      ...{ host: '127.0.0.1', port, path, ca: authority, servername: 'api.flintn.com', agent: false },
      ...{ localAddress: clientAddress, method: body === undefined ? 'GET' : 'POST' },
      headers: { Host: 'api.flintn.com', ...headers },
    })
    sent.on('error', reject).on('response', (answer) => {
      let text = ''
      answer.on('data', (chunk: Buffer) => {
        text += chunk.toString()
      })
      answer.on('error', reject)
      answer.on('end', () => resolve({ status: answer.statusCode, headers: answer.headers, body: text }))
    })
    sent.end(body)
  })
}

t.test('fronts as the guides have them', async (t) => {
  for (const front of inThisForm(guideFronts)) {
    await t.test(front.name, async (t) => {
      const one = await startKeyedProgram(t, { gateway })
      const two = await startTestProgram(t, { gateway, databaseUrl: one.databaseUrl })
      const { port } = await listen(t, front.source, (place) =>
        front.command({ ...place, targets: [one.gatewayPort, two.gatewayPort] }),
      )
      const auth = { 'X-Api-Key': one.key.secret }
      const both = { programs: [one, two], port, auth }
      await t.test('the client, the host and one id go all the way', (t) => identity(t, both))
      await t.test('what passes is what was sent, and a refusal is the gateway’s', (t) => passage(t, both))
      await t.test('both serve, and one alone serves on', (t) => goneGateway(t, both, one))
    })
  }
})

interface Both {
  readonly programs: readonly TestProgram[]
  readonly port: number
  readonly auth: Record<string, string>
}

async function identity(t: Test, { programs, port, auth }: Both): Promise<void> {
  for (const forged of [{}, { 'X-Forwarded-For': '203.0.113.9', 'X-Forwarded-Proto': 'http' }]) {
    const answer = await ask({ port, path: '/v1/transactions/1', headers: { ...auth, ...forged } })
    t.equal(answer.status, 200)
    const id = String(answer.headers['x-request-id'])
    t.notMatch(id, /^req_/, 'the id is the front’s')
    const seen = programs
      .flatMap(({ live }) => live.requests)
      .find(({ headers }) => headers.some(has('x-request-id', id)))
    t.ok(seen?.headers.some(has('host', 'api.flintn.com')))
    t.ok(seen?.headers.some(has('x-forwarded-proto', 'https')))
    t.equal((await lineOf(programs, id))?.['client'], clientAddress)
  }
}

/** It is written when the answer is over, which its client may know before. */
async function lineOf(programs: Both['programs'], id: string): Promise<Record<string, unknown> | undefined> {
  for (let i = 0; i < 100; i++) {
    const line = programs.flatMap(({ log }) => log).find((entry) => entry['request_id'] === id)
    if (line !== undefined) return line
    await sleep(20)
  }
  return undefined
}

function has(name: string, value: string) {
  return ([field, held]: readonly [string, string]) => field.toLowerCase() === name && held === value
}

async function passage(t: Test, { programs, port, auth }: Both): Promise<void> {
  const target = '/v1/files/a%20b/c~d?q=%2F&q=1'
  t.equal((await ask({ port, path: target, headers: auth })).status, 200)
  const targets = programs.flatMap(({ live }) => live.requests).map((seen) => seen.target)
  t.ok(targets.includes(target), `byte for byte: ${targets.join(' ')}`)
  const body = Buffer.alloc(1024 * 1024, 'x')
  t.equal((await ask({ port, path: '/v1/upload', headers: auth, body })).status, 200)
  const sizes = programs.flatMap(({ live }) => live.requests).map((seen) => seen.body.length)
  t.ok(sizes.includes(body.length))
  for (const [path, headers, status, code] of [
    ['/v1/files/a%2Fb', auth, 400, 'INVALID_PATH'],
    ['/v1/transactions/1', {}, 401, 'MISSING_API_KEY'],
    ['/v1/none', auth, 404, 'ROUTE_NOT_FOUND'],
  ] as const) {
    const answer = await ask({ port, path, headers })
    t.equal(answer.status, status, path)
    t.match(JSON.parse(answer.body), { error: { code, request_id: answer.headers['x-request-id'] } })
    t.equal(answer.headers['x-error-source'], 'gateway')
  }
}

async function goneGateway(t: Test, { programs, port, auth }: Both, first: KeyedProgram): Promise<void> {
  const get = () => ask({ port, path: '/v1/transactions/1', headers: auth })
  for (let i = 0; i < 20; i++) t.equal((await get()).status, 200)
  for (const { live } of programs) t.ok(live.requests.length > 0, 'each has served')
  await first.stop()
  for (let i = 0; i < 20; i++) t.equal((await get()).status, 200)
}
