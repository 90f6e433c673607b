// Whether the gateway's port answers, as a client would find it: the primary hands connections on, workers take them, and
// what is between the two can fail while each of them seems well. So the primary asks the port itself, all the way to a
// worker and back, by a path that nobody else knows.

import { once } from 'node:events'
import { connect as connectTcp, type Socket } from 'node:net'
import { connect as connectTls } from 'node:tls'
import type { Settings } from '../config/compiled.ts'
import { addressMatcher, plainAddress } from '../config/request/addresses.ts'

export interface PortWatch {
  /** false: it has not answered several times in a row. */
  isAnswering(): boolean
  /** From now on. */
  begin(): void
  stop(): void
}

/** Between an answer and the next question, and how long an answer is waited for. */
const askEveryMs = 2_000
const answersWithinMs = 2_000
/** Fewer in a row are a worker that dies, or a moment in which there is too much to do. */
const silentAfter = 3

export interface PortWatchDeps {
  readonly gateway: Settings['gateway']
  /** Answers as `gateway.health` does, where that names no path. */
  readonly probe: string
  /** Whether anybody serves it: else it is no news that nobody answers. */
  readonly isServed: () => boolean
  /** Told when it answers no more, and when it does again. */
  readonly changed: (isAnswering: boolean) => void
}

/** Asks nothing before `begin`. */
export function createPortWatch({ gateway, probe, isServed, changed }: PortWatchDeps): PortWatch {
  let silent = 0
  let isStopped = false
  let timer: NodeJS.Timeout | undefined

  async function look(): Promise<void> {
    const isAnswered = !isServed() || (await askPort(gateway, gateway.health ?? probe).catch(() => false))
    if (isStopped) return
    const before = silent
    silent = isAnswered ? 0 : silent + 1
    if (silent === silentAfter) changed(false)
    if (silent === 0 && before >= silentAfter) changed(true)
    timer = setTimeout(() => void look(), askEveryMs).unref()
  }

  return {
    isAnswering: () => silent < silentAfter,
    begin: () => void look(),
    stop() {
      isStopped = true
      clearTimeout(timer)
    },
  }
}

/** Whether a request is answered in time, whatever the answer. Rejects where there is no connection. */
async function askPort(gateway: Settings['gateway'], path: string): Promise<boolean> {
  const signal = AbortSignal.timeout(answersWithinMs)
  const tcp = connectTcp({ host: ownAddress(gateway.host), port: gateway.port, signal })
  // Whoever ends it early has its word in `once`, or nobody waits for it.
  tcp.on('error', () => {})
  try {
    await once(tcp, 'connect', { signal })
    if (mustSayForWhom(gateway, tcp)) tcp.write('PROXY UNKNOWN\r\n')
    // To oneself: by which name, and whether the certificate is valid still, is for clients to look at.
    const socket = gateway.tls === null ? tcp : connectTls({ socket: tcp, rejectUnauthorized: false })
    socket.on('error', () => {})
    socket.write(`GET ${path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n`)
    const [first] = await once(socket, 'data', { signal })
    return String(first).startsWith('HTTP/1.1 ')
  } finally {
    tcp.destroy()
  }
}

/** A connection of a trusted proxy begins with who it speaks for. */
function mustSayForWhom(
  { proxyProtocol, trustedProxies }: Settings['gateway'],
  { localAddress }: Socket,
): boolean {
  return proxyProtocol && addressMatcher(trustedProxies)(plainAddress(localAddress ?? ''))
}

function ownAddress(host: string): string {
  if (host === '0.0.0.0' || host === 'localhost') return '127.0.0.1'
  return host === '::' ? '::1' : host
}
