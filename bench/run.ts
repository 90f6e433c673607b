// `npm run bench`: Latchkey in its normal configuration beside its peers, in one run, interleaved, several rounds. Prints
// CPU microseconds a request (user + system, of the process under test, from /proc), requests a second and latencies;
// medians with spread. Absolute figures hold for one machine only; the ratios are what to look at.
//
//   npm run bench                        three rounds of 4 s each
//   npm run bench -- --check             fails beyond the bars of docs/performance.md
//   npm run bench -- --seconds 10 --rounds 5 --connections 64 --json

import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { startGateway, stopGateway } from './gateway.ts'
import type { LoadResult } from './load.ts'

const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '4' },
    rounds: { type: 'string', default: '3' },
    connections: { type: 'string', default: '64' },
    check: { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
  },
})

interface Subject {
  readonly name: string
  readonly pid: number
  readonly port: number
  readonly request: string
  readonly status: string
}

interface Figure {
  readonly cpuMicros: number
  readonly perSecond: number
  readonly p99: number
}

const here = (file: string) => fileURLToPath(new URL(file, import.meta.url))
const children: ChildProcess[] = []
const ticksPerSecond = Number(execFileSync('getconf', ['CLK_TCK'], { encoding: 'utf8' }))

try {
  const figures = await measureAll()
  print(figures)
  if (values.check && !areWithinBars(figures)) process.exitCode = 1
} finally {
  for (const child of children) child.kill('SIGTERM')
  await stopGateway()
}

async function measureAll(): Promise<Map<string, Figure[]>> {
  const upstreamPort = await peer('upstream')
  const upstream = `http://127.0.0.1:${upstreamPort.port}`
  const gateway = await startGateway(upstream)
  const get = (fields: string) => `GET /v1/transactions/txn_1001 HTTP/1.1\r\n${fields}\r\n`
  const plain = get('Host: api.flintn.com\r\nAccept: */*\r\n')
  const subjects: Subject[] = [
    { name: 'hello (node:http)', ...(await peer('hello')), request: plain, status: '200' },
    { name: 'loop (node:http + undici)', ...(await peer('loop', upstream)), request: plain, status: '200' },
    { name: '@fastify/http-proxy', ...(await peer('http-proxy', upstream)), request: plain, status: '200' },
    {
      name: 'latchkey',
      ...gateway,
      request: get(`Host: api.flintn.com\r\nAccept: */*\r\nX-Api-Key: ${gateway.secret}\r\n`),
      status: '200',
    },
    {
      name: 'latchkey, junk key',
      ...gateway,
      request: get('Host: api.flintn.com\r\nAccept: */*\r\nX-Api-Key: pk_live_junk\r\n'),
      status: '401',
    },
  ]
  const figures = new Map<string, Figure[]>(subjects.map((subject) => [subject.name, []]))
  for (const subject of subjects) await measure(subject, 2)
  for (let round = 0; round < Number(values.rounds); round++) {
    for (const subject of subjects) {
      figures.get(subject.name)?.push(await measure(subject, Number(values.seconds)))
    }
  }
  return figures
}

/** Starts a peer on a free port. */
async function peer(kind: string, upstream = ''): Promise<{ pid: number; port: number }> {
  const port = await freePort()
  const child = spawn(process.execPath, [here('./peers.js'), kind, String(port), upstream], {
    stdio: 'inherit',
  })
  children.push(child)
  await untilOpen(port)
  return { pid: child.pid ?? 0, port }
}

async function measure(subject: Subject, seconds: number): Promise<Figure> {
  const before = cpuTicks(subject.pid)
  const args = [subject.port, values.connections, seconds, Buffer.from(subject.request).toString('base64')]
  const result = await load(args.map(String))
  const ticks = cpuTicks(subject.pid) - before
  const wrong = Object.entries(result.statuses).filter(([status]) => status !== subject.status)
  if (wrong.length > 0) throw new Error(`${subject.name} answered ${JSON.stringify(result.statuses)}`)
  return {
    cpuMicros: (ticks / ticksPerSecond / result.requests) * 1e6,
    perSecond: result.requests / result.seconds,
    p99: result.p99,
  }
}

function load(args: readonly string[]): Promise<LoadResult> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [here('./load.js'), ...args], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    let text = ''
    child.stdout.setEncoding('utf8').on('data', (part: string) => {
      text += part
    })
    child.once('exit', (code) =>
      code === 0 ? resolve(JSON.parse(text)) : reject(new Error(`load ended with ${code}`)),
    )
  })
}

/** User and system time of a process, in clock ticks. */
function cpuTicks(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? []
  return Number(fields[11]) + Number(fields[12])
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await new Promise((resolve) => server.once('listening', resolve))
  const { port } = Object(server.address())
  await new Promise((resolve) => server.close(resolve))
  return Number(port)
}

async function untilOpen(port: number): Promise<void> {
  for (let i = 0; i < 200; i++) {
    const isOpen = await fetch(`http://127.0.0.1:${port}/`).then(
      () => true,
      () => false,
    )
    if (isOpen) return
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
  throw new Error(`nothing listens on ${port}`)
}

function median(numbers: readonly number[]): number {
  return numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)] ?? 0
}

function print(figures: ReadonlyMap<string, readonly Figure[]>): void {
  if (values.json) return console.log(JSON.stringify(Object.fromEntries(figures), undefined, 2))
  console.log(
    `${values.connections} connections, ${values.rounds} rounds of ${values.seconds} s, Node ${process.version}`,
  )
  console.log(
    `${'subject'.padEnd(28)}${'CPU µs/request'.padStart(16)}${'(spread)'.padStart(14)}${'req/s'.padStart(10)}${'p99 ms'.padStart(9)}`,
  )
  for (const [name, list] of figures) {
    const cpu = list.map((figure) => figure.cpuMicros)
    const spread = `${Math.min(...cpu).toFixed(0)}–${Math.max(...cpu).toFixed(0)}`
    const perSecond = median(list.map((figure) => figure.perSecond)).toFixed(0)
    const p99 = median(list.map((figure) => figure.p99)).toFixed(1)
    console.log(
      name.padEnd(28) +
        median(cpu).toFixed(0).padStart(16) +
        spread.padStart(14) +
        perSecond.padStart(10) +
        p99.padStart(9),
    )
  }
  for (const { title, value, bar } of ratios(figures))
    console.log(`${title.padEnd(58)}${value.toFixed(2).padStart(6)}  (bar ${bar})`)
}

function ratios(
  figures: ReadonlyMap<string, readonly Figure[]>,
): { title: string; value: number; bar: number }[] {
  const cpu = (name: string) => median((figures.get(name) ?? []).map((figure) => figure.cpuMicros))
  return [
    {
      title: 'latchkey ÷ @fastify/http-proxy, CPU a request',
      value: cpu('latchkey') / cpu('@fastify/http-proxy'),
      bar: 0.7,
    },
    {
      title: 'latchkey ÷ loop, CPU a request',
      value: cpu('latchkey') / cpu('loop (node:http + undici)'),
      bar: 1.4,
    },
    {
      title: 'refusing a junk key ÷ hello, CPU a request',
      value: cpu('latchkey, junk key') / cpu('hello (node:http)'),
      bar: 1.6,
    },
  ]
}

function areWithinBars(figures: ReadonlyMap<string, readonly Figure[]>): boolean {
  return ratios(figures).every(({ value, bar }) => value <= bar)
}
