// Certificates of a running process: renewed in place, told of before they end, and what is bad on disk leaves the pair before.

import { copyFile, mkdtemp, rm } from 'node:fs/promises'
import { readFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { connect, type TLSSocket } from 'node:tls'
import t, { type Test } from 'tap'
import type { Upstream } from '../../src/config/compiled.ts'
import { createCertificatesInForce } from '../../src/main/certificates-in-force.ts'
import { StartError } from '../../src/main/start-error.ts'
import { createLog } from '../../src/telemetry/log.ts'
import { createMetrics } from '../../src/telemetry/metrics.ts'
import { makeAuthority, type Made } from '../support/certificates.ts'
import { adminToken, cacheKey, prepareTestProgram, startTestProgram } from '../support/program.ts'
import { latchkey } from './process.ts'

const hosts = ['api.flintn.com']
const ciphers = 'ECDHE+AESGCM'
const dayMs = 86_400_000

interface World {
  readonly nowMs?: () => number
  readonly tls?: Made | null
  readonly control?: Made | null
  readonly upstreams?: readonly Pick<Upstream, 'name' | 'origin' | 'caFiles' | 'clientCertificate'>[]
  readonly isTelling?: boolean
}

function createWorld(
  t: Test,
  { nowMs = Date.now, tls = null, control = null, upstreams = [], isTelling = true }: World,
) {
  const lines: Record<string, unknown>[] = []
  const metrics = createMetrics()
  const certificates = createCertificatesInForce({
    tls: tls && { ...tls, ciphers, asksClients: false },
    controlTls: control && { ...control, ciphers, asksClients: false },
    // The rest of an upstream is nobody's business here.
    upstreams: () => upstreams as readonly Upstream[],
    hosts: () => hosts,
    isTelling,
    now: nowMs,
    log: createLog({ level: 'info', stream: { write: (line) => void lines.push(JSON.parse(line)) } }).logger,
    metrics,
  })
  t.teardown(() => certificates.stop())
  const gauge = async (name: string, of: string) => {
    const found = new RegExp(`^${name}\\{of="${of}"\\} (\\S+)$`, 'm').exec(await metrics.text())
    return found === null ? undefined : Number(found[1])
  }
  return { certificates, lines, gauge }
}

async function copyPair(from: Made, to: Made): Promise<void> {
  await copyFile(from.certFile, to.certFile)
  await copyFile(from.keyFile, to.keyFile)
}

async function folderFor(t: Test): Promise<Made> {
  const folder = await mkdtemp(join(tmpdir(), 'latchkey-pair-'))
  t.teardown(() => rm(folder, { recursive: true, force: true }))
  return { certFile: join(folder, 'tls.pem'), keyFile: join(folder, 'tls.key') }
}

t.test(
  'a key of another certificate does not come into force, is told with its file, and is mended',
  async (t) => {
    const authority = makeAuthority(t)
    const first = authority.make('first', { names: hosts })
    const second = authority.make('second', { names: hosts, key: 'rsa' })
    const files = await folderFor(t)
    await copyPair(first, files)
    const { certificates, lines, gauge } = createWorld(t, { tls: files })
    const taken: string[] = []
    certificates.pair?.follow(({ chain }) => taken.push(chain[0].subject))
    t.same(certificates.notes(), [])

    await copyFile(second.certFile, files.certFile)
    certificates.look()
    certificates.look()
    t.match(certificates.pair?.current().chain[0].subject, 'CN=first')
    t.match(certificates.notes(), [
      `${files.keyFile}: the private key is not that of the certificate in ${files.certFile}; the pair before stays in force`,
    ])
    t.ok(certificates.isGrave())
    t.equal(await gauge('latchkey_certificate_valid', 'gateway'), 0)
    t.equal(lines.filter(({ level }) => level === 'error').length, 1, 'told once')

    await copyFile(second.keyFile, files.keyFile)
    certificates.look()
    t.match(certificates.pair?.current().chain[0].subject, 'CN=second')
    t.same(certificates.notes(), [])
    t.notOk(certificates.isGrave())
    t.equal(await gauge('latchkey_certificate_valid', 'gateway'), 1)
    t.same(taken, ['CN=second'])
  },
)

t.test('nothing starts on a pair that does not belong together', async (t) => {
  const authority = makeAuthority(t)
  const tls = { certFile: authority.make('a').certFile, keyFile: authority.make('b').keyFile }
  t.throws(() => createWorld(t, { tls }), StartError)
})

t.test(
  'the end is told once a day, with more weight as it comes nearer; of several processes one tells',
  async (t) => {
    const tls = makeAuthority(t).make('a', { names: hosts, fromDays: -60, toDays: 40 })
    let nowMs = Date.now()
    const { certificates, lines, gauge } = createWorld(t, { tls, nowMs: () => nowMs })
    const worker = createWorld(t, { tls, nowMs: () => nowMs, isTelling: false })
    const toldAfter = (days: number) => {
      nowMs += days * dayMs
      const before = lines.length
      for (let i = 0; i < 3; i++) certificates.look()
      worker.certificates.look()
      return lines.slice(before).map(({ level }) => level)
    }
    t.same(toldAfter(5), [])
    t.same(toldAfter(6), ['warn'])
    t.same(toldAfter(0.5), [])
    t.same(toldAfter(0.6), ['warn'])
    t.notOk(certificates.isGrave())
    t.same(toldAfter(22), ['error'])
    t.ok(certificates.isGrave())
    t.match(certificates.notes(), [/a\.pem: expires in 5 days/])
    t.ok(
      Math.abs(Number(await gauge('latchkey_certificate_expires_seconds', 'gateway')) - 5.92 * 86_400) <
        3_600,
    )
    t.same(toldAfter(7), ['error'])
    t.match(certificates.notes(), [/a\.pem: expired at/])
    t.ok(Number(await gauge('latchkey_certificate_expires_seconds', 'gateway')) < 0)
    t.same(worker.lines, [])
  },
)

t.test('what is shown to upstreams, and what they are checked by, is told of too', async (t) => {
  const authority = makeAuthority(t)
  const clientCertificate = authority.make('client', { fromDays: -80, toDays: 5 })
  const upstreams = [
    { name: 'payments', origin: 'https://a', clientCertificate, caFiles: [authority.caFile] },
  ]
  const { certificates, gauge } = createWorld(t, { upstreams })
  t.match(certificates.notes(), [/client\.pem: expires in 5 days/])
  const seconds = Number(await gauge('latchkey_certificate_expires_seconds', 'payments'))
  t.ok(seconds > 4.9 * 86_400 && seconds < 5.1 * 86_400)
  await copyFile(authority.make('other').keyFile, clientCertificate.keyFile)
  certificates.look()
  t.match(certificates.notes(), [
    /client\.key: the private key is not that .*what was before stays/,
    /expires in 5 days/,
  ])
  t.equal(await gauge('latchkey_certificate_valid', 'payments'), 0)
})

t.test(
  'nothing starts either on what an upstream cannot be connected to with, and the reason has no stack',
  async (t) => {
    const { file } = await prepareTestProgram(t, {
      liveUrl: 'https://127.0.0.1:9',
      upstream: ', ca: /none/ca.pem',
    })
    const env = { LATCHKEY_ADMIN_TOKEN: adminToken, LATCHKEY_CACHE_KEY: cacheKey }
    const running = latchkey(t, ['start', '--config', file], env)
    t.equal((await running.ended).code, 1)
    t.match(running.stderr(), /upstream payments: \/none\/ca\.pem: does not exist/)
    t.notMatch(running.stderr(), /\n +at /)
  },
)

function peerOf(port: number, ca: Buffer, session?: Buffer): Promise<TLSSocket> {
  return new Promise((resolve, reject) => {
    const options = { port, host: '127.0.0.1', ca, servername: 'api.flintn.com', ...(session && { session }) }
    const socket = connect(options, () => resolve(socket))
    socket.on('error', reject)
  })
}

t.test('a program in which a renewal went wrong serves on, and its health names the file', async (t) => {
  const authority = makeAuthority(t)
  const ca = readFileSync(authority.caFile)
  const first = authority.make('first', {
    names: ['api.flintn.com', '*.flintn.com', '*.api.flintn.com', '*.flint.com'],
  })
  const files = await folderFor(t)
  await copyPair(first, files)
  const program = await startTestProgram(t, {
    gateway: `, tls: { cert: ${files.certFile}, key: ${files.keyFile} }`,
  })
  const health = async () =>
    Object(await (await fetch(`http://127.0.0.1:${program.controlPort}/readyz`)).json())
  t.match(await health(), { status: 'ok', certificates: undefined })
  const before = await peerOf(program.gatewayPort, ca)
  const session = await new Promise<Buffer>((resolve) => before.once('session', resolve))
  before.destroy()

  await copyFile(authority.make('second', { key: 'rsa' }).certFile, files.certFile)
  let seen: Record<string, unknown> = {}
  for (let i = 0; i < 200 && seen['status'] !== 'degraded'; i++) {
    await new Promise((resolve) => setTimeout(resolve, 50))
    seen = await health()
  }
  t.match(seen, {
    status: 'degraded',
    certificates: [new RegExp(`^${files.keyFile}: the private key is not that`)],
  })
  const meanwhile = await peerOf(program.gatewayPort, ca)
  t.match(meanwhile.getPeerCertificate().subject, { CN: 'first' })
  meanwhile.destroy()

  const third = authority.make('third', {
    names: ['api.flintn.com', '*.flintn.com', '*.api.flintn.com', '*.flint.com'],
  })
  await copyPair(third, files)
  let name: unknown
  for (let i = 0; i < 200 && name !== 'third'; i++) {
    await new Promise((resolve) => setTimeout(resolve, 50))
    const socket = await peerOf(program.gatewayPort, ca)
    name = socket.getPeerCertificate().subject.CN
    socket.destroy()
  }
  t.equal(name, 'third')
  t.match(await health(), { status: 'ok', certificates: undefined })
  const again = await peerOf(program.gatewayPort, ca, session)
  t.ok(again.isSessionReused(), 'sessions outlast a renewal')
  again.destroy()
})

t.test('the pair of the control port is renewed and told of as that of the gateway', async (t) => {
  const authority = makeAuthority(t)
  const first = authority.make('first', { names: ['hub.example'] })
  const second = authority.make('second', { names: ['hub.example'] })
  const files = await folderFor(t)
  await copyPair(first, files)
  const { certificates, gauge } = createWorld(t, { control: files })
  t.equal(certificates.pair, null)
  t.equal(await gauge('latchkey_certificate_valid', 'control'), 1)
  let renewed = 0
  certificates.controlPair?.follow(() => (renewed += 1))
  await copyPair(second, files)
  certificates.look()
  t.equal(renewed, 1)
  t.same(certificates.controlPair?.current().cert, readFileSync(second.certFile))
})
