// Names that resolve slowly. The program's look-up is one that holds a thread for as long as it is not answered, as the
// system's does; where there is root and namespaces it is the system's own besides: the program then runs in a mount
// namespace of its own, whose resolv.conf names a server of this test.

import { execFileSync, spawn, spawnSync } from 'node:child_process'
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { closeSync, constants, openSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import t, { type Test } from 'tap'
import { createEmptyDatabase } from '../support/database.ts'
import { mainProgram } from '../support/process.ts'
import { adminToken } from '../support/program.ts'
import { plainAnswer, startUpstream } from '../support/upstream.ts'
import { exchange, type RawResponse, request } from '../support/wire.ts'

t.setTimeout(120_000)
const nameServer = '127.0.83.53'
/** Runs its arguments where /etc/resolv.conf is the first of them. */
const ownResolver = 'mount --bind "$0" /etc/resolv.conf && exec "$@"'
const canHaveOwn =
  process.getuid?.() === 0 &&
  spawnSync('unshare', ['-m', 'sh', '-c', ownResolver, '/dev/null', 'true']).status === 0

/** Who is asked for addresses: says 127.0.0.1 for every name, but nothing for those that begin with `slow`, until woken. */
interface Names {
  /** Names that were asked for so far. */
  asked(): readonly string[]
  /** From now on all are answered. */
  wake(): void
  /** Starts the program so that it asks there. */
  readonly command: readonly string[]
}

/** In the program's process instead of the system's look-up. */
const standIn = `
import dns from 'node:dns'
import { appendFileSync, readFile } from 'node:fs'
import { syncBuiltinESMExports } from 'node:module'
const system = dns.lookup
dns.lookup = (name, options, done) => {
  if (!name.endsWith('.names.test')) return system(name, options, done)
  appendFileSync(process.env.NAMES_ASKED, name + '\\n')
  const answer = () => done(null, [{ address: '127.0.0.1', family: 4 }])
  // A pipe that nobody writes to: to open it takes one of libuv's threads until somebody does.
  if (name.startsWith('slow')) readFile(process.env.NAMES_GATE, answer)
  else setImmediate(answer)
}
syncBuiltinESMExports()
`

async function startStandIn(t: Test): Promise<Names> {
  const folder = await mkdtemp(join(tmpdir(), 'latchkey-names-'))
  t.teardown(() => rm(folder, { recursive: true, force: true }))
  const [code, asked, gate] = [join(folder, 'lookup.mjs'), join(folder, 'asked'), join(folder, 'gate')]
  writeFileSync(code, standIn)
  writeFileSync(asked, '')
  execFileSync('mkfifo', [gate])
  const settings = [`NAMES_ASKED=${asked}`, `NAMES_GATE=${gate}`]
  return {
    asked: () => readFileSync(asked, 'utf8').trim().split('\n'),
    wake() {
      const open = join(folder, 'open')
      writeFileSync(open, '')
      const held = openSync(gate, constants.O_WRONLY | constants.O_NONBLOCK)
      renameSync(open, gate)
      closeSync(held)
    },
    command: ['env', ...settings, process.execPath, '--import', pathToFileURL(code).href],
  }
}

async function startNameServer(t: Test): Promise<Names> {
  const asked: string[] = []
  let isAwake = false
  const socket = createSocket('udp4', (query, { port, address }) => {
    const { name, type, end } = questionOf(query)
    if (type === 1) asked.push(name)
    if (!isAwake && name.startsWith('slow')) return
    const addresses = type === 1 ? 1 : 0
    const head = Buffer.from([query[0] ?? 0, query[1] ?? 0, 0x81, 0x80, 0, 1, 0, addresses, 0, 0, 0, 0])
    // The question's name, type A, class IN, 0 s, four bytes.
    const answer = Buffer.from([0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 0, 0, 4, 127, 0, 0, 1])
    const parts = [head, query.subarray(12, end), ...(addresses === 1 ? [answer] : [])]
    socket.send(Buffer.concat(parts), port, address)
  })
  socket.bind(53, nameServer)
  await once(socket, 'listening')
  t.teardown(() => void socket.close())
  const folder = await mkdtemp(join(tmpdir(), 'latchkey-names-'))
  t.teardown(() => rm(folder, { recursive: true, force: true }))
  const resolver = join(folder, 'resolv.conf')
  await writeFile(resolver, `nameserver ${nameServer}\noptions timeout:5 attempts:2\n`)
  return {
    asked: () => asked,
    wake() {
      isAwake = true
    },
    command: ['unshare', '-m', 'sh', '-c', ownResolver, resolver, process.execPath],
  }
}

function questionOf(query: Buffer): { name: string; type: number; end: number } {
  const labels: string[] = []
  let at = 12
  for (let length = query[at] ?? 0; length > 0; length = query[at] ?? 0) {
    labels.push(query.toString('latin1', at + 1, at + 1 + length))
    at += 1 + length
  }
  return { name: labels.join('.'), type: query.readUInt16BE(at + 1), end: at + 5 }
}

interface Running {
  readonly port: number
  /** All of its log. */
  log(): string
  stop(): Promise<number | null>
}

async function startProgram(t: Test, names: Names, file: string): Promise<Running> {
  const [first = '', ...rest] = names.command
  const child = spawn(first, [...rest, mainProgram, 'start', '--config', file], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { PATH: process.env['PATH'] ?? '', LATCHKEY_ADMIN_TOKEN: adminToken },
  })
  t.teardown(() => void child.kill('SIGKILL'))
  const ended = once(child, 'exit')
  let out = ''
  const port = await new Promise<number>((resolve, reject) => {
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      out += text
      const [, number] = /"gatewayPort":(\d+)[^\n]*"msg":"ready"/.exec(out) ?? []
      if (number !== undefined) resolve(Number(number))
    })
    child.stderr.setEncoding('utf8').on('data', (text: string) => (out += text))
    child.once('exit', () => reject(new Error(`it ended: ${out}`)))
  })
  return {
    port,
    log: () => out,
    async stop() {
      child.kill('SIGTERM')
      await ended
      return child.exitCode
    },
  }
}

async function writeConfig(folder: string, ports: { readonly databaseUrl: string; readonly port: number }) {
  const { databaseUrl, port } = ports
  const apis = ['slow', 'quick', 'other'].map(
    (name) => `
  ${name}:
    credential: { header: X-Api-Key }
    environments:
      live: { hosts: [${name}.api], prefix: ${name}_live_, upstream: ${name} }
      sandbox: { hosts: [test.${name}.api], prefix: ${name}_test_, upstream: ${name} }
    permissions: table.yaml`,
  )
  await writeFile(
    join(folder, 'table.yaml'),
    'permissions: { a.read: Read }\nroutes:\n  GET /v1/status: public\n  GET /v1/a: a.read\n',
  )
  const file = join(folder, 'gateway.yaml')
  await writeFile(
    file,
    `gateway: { host: 127.0.0.1, port: 0 }
control: { host: 127.0.0.1, port: 0 }
postgres: ${databaseUrl}
redis: none
upstreams:
  slow: { url: "http://slow.names.test:${port}", connect_timeout: 2s }
  quick: { url: "http://quick.names.test:${port}", connect_timeout: 2s }
  other: { url: "http://other.names.test:${port}", connect_timeout: 2s }
apis:${apis.join('')}
`,
  )
  return file
}

const ways: readonly (readonly [string, (t: Test) => Promise<Names>])[] = [
  ['a look-up that holds its thread', startStandIn],
  ...(canHaveOwn ? [['the system’s look-up', startNameServer] as const] : []),
]
for (const [way, startNames] of ways)
  t.test(`a name that resolves slowly holds nobody else: ${way}`, async (t) => {
    const names = await startNames(t)
    const close = plainAnswer.replace('\r\n\r\n', '\r\nConnection: close\r\n\r\n')
    const upstream = await startUpstream((_, socket) => void socket.end(close))
    t.teardown(() => upstream.close())
    const folder = await mkdtemp(join(tmpdir(), 'latchkey-names-'))
    t.teardown(() => rm(folder, { recursive: true, force: true }))
    const { url } = await createEmptyDatabase(t)
    const file = await writeConfig(folder, { databaseUrl: url, port: upstream.port })
    const program = await startProgram(t, names, file)
    const ask = (name: string): Promise<RawResponse> =>
      exchange(program.port, request('GET /v1/status', [`Host: ${name}.api`]), 10_000)

    t.equal((await ask('quick')).status, 200)
    let ended = 0
    const held = Array.from({ length: 20 }, async () => {
      const { status } = await ask('slow')
      ended++
      return status
    })
    while (!names.asked().includes('slow.names.test')) await new Promise((resolve) => setTimeout(resolve, 10))
    for (let i = 0; i < 10; i++) t.equal((await ask('quick')).status, 200, 'a name that is known')
    t.equal((await ask('other')).status, 200, 'a name that nobody has asked for yet')
    t.equal(ended, 0, 'all while the slow one is waited for')

    t.same(new Set(await Promise.all(held)), new Set([504]))
    t.equal((await ask('slow')).status, 503, 'names are inside the circuit')
    t.equal((await ask('quick')).status, 200)
    const lookups = names.asked().filter((name) => name === 'slow.names.test').length
    t.ok(lookups <= 2, `one look-up, whoever waits: ${lookups}`)

    names.wake()
    let status = 503
    for (let i = 0; i < 400 && status !== 200; i++) {
      await new Promise((resolve) => setTimeout(resolve, 50))
      status = (await ask('slow')).status
    }
    t.equal(status, 200, 'and it is served once its name is known')
    t.equal(await program.stop(), 0)
    t.match(program.log(), /"reason":"name_timeout"/)
  })
