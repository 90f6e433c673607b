// The load, as a process of its own: a fixed number of keep-alive connections, each sending the next request when the
// answer has come whole. Prints one line of JSON: requests, failures by status, latencies.
//
//   node build/bench/load.js PORT CONNECTIONS SECONDS REQUEST_AS_BASE64

import { connect, type Socket } from 'node:net'
import { performance } from 'node:perf_hooks'

export interface LoadResult {
  readonly requests: number
  readonly seconds: number
  /** By status; `broken` for connections that ended. */
  readonly statuses: Readonly<Record<string, number>>
  /** Milliseconds at the 50th, 99th and 99.9th percentile. */
  readonly p50: number
  readonly p99: number
  readonly p999: number
}

const [port = '0', connections = '1', seconds = '1', encoded = ''] = process.argv.slice(2)
const request = Buffer.from(encoded, 'base64')
const statuses: Record<string, number> = {}
const latencies: number[] = []
const startedAt = performance.now()
const endsAt = startedAt + Number(seconds) * 1000
let open = Number(connections)

for (let i = 0; i < Number(connections); i++) run()

function run(): void {
  const socket = connect(Number(port), '127.0.0.1')
  socket.setNoDelay(true)
  let sentAt = 0
  let received = ''
  const send = () => {
    received = ''
    sentAt = performance.now()
    socket.write(request)
  }
  socket.on('connect', send)
  socket.on('data', (chunk) => {
    received += chunk.toString('latin1')
    const status = statusOfWhole(received)
    if (status === undefined) return
    latencies.push(performance.now() - sentAt)
    statuses[status] = (statuses[status] ?? 0) + 1
    if (performance.now() < endsAt) send()
    else end(socket)
  })
  socket.on('error', () => {})
  socket.on('close', () => {
    if (performance.now() < endsAt) {
      statuses['broken'] = (statuses['broken'] ?? 0) + 1
      run()
    } else if (--open === 0) report()
  })
}

function end(socket: Socket): void {
  socket.destroy()
}

/** The status of a whole answer with an announced length; undefined: more is to come. */
function statusOfWhole(text: string): string | undefined {
  const head = text.indexOf('\r\n\r\n')
  if (head === -1) return undefined
  const length = /\r\ncontent-length: *(\d+)/i.exec(text.slice(0, head))?.[1]
  return text.length >= head + 4 + Number(length ?? 0) ? text.slice(9, 12) : undefined
}

function report(): void {
  const sorted = latencies.toSorted((a, b) => a - b)
  const at = (share: number) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0
  const result: LoadResult = {
    requests: sorted.length,
    seconds: (performance.now() - startedAt) / 1000,
    statuses,
    p50: at(0.5),
    p99: at(0.99),
    p999: at(0.999),
  }
  console.log(JSON.stringify(result))
}
