// A network between two programs that can be broken in every way that networks break, on loopback.

import { once } from 'node:events'
import { connect, createServer, type Socket } from 'node:net'
import { stablePort } from './stable-port.ts'

/**
 * `pass`; `refuse`: nobody listens, and what was open is cut; `hang`: connections are accepted and nothing moves until
 * it passes again; `blackhole`: what is sent is lost, and connections of that time, older ones included, never come
 * back to life; `slow`: each answer is 200 ms late; `flap`: passes and refuses by turns, 300 ms each.
 */
export const proxyModes = ['pass', 'refuse', 'hang', 'blackhole', 'slow', 'flap'] as const
export type ProxyMode = (typeof proxyModes)[number]

export interface TcpProxy {
  readonly port: number
  set(mode: ProxyMode): Promise<void>
  /** Cuts all connections. */
  cut(): void
  /** Where new connections go; more than one: by turns. */
  aim(ports: readonly number[]): void
  /** Connections accepted so far. */
  accepted(): number
  close(): Promise<void>
}

export interface TcpProxyOptions {
  /** Told of what clients send, before it is passed on. */
  readonly sent?: (bytes: Buffer) => void
}

const slowMs = 200
const flapMs = 300

interface Link {
  readonly client: Socket
  /** Once it is connected. */
  server: Socket | undefined
  /** What came before. */
  readonly early: Buffer[]
  hasEnded: boolean
  isLost: boolean
  /** What is on its way, in order. */
  readonly toServer: Pipe
  readonly toClient: Pipe
}

/** Actions in order, each at its time. */
interface Pipe {
  add(action: () => void, delayMs: number): void
  /** What was held for ever is due now. */
  release(): void
}

function createPipe(): Pipe {
  const waiting: { action: () => void; atMs: number }[] = []
  function drain(): void {
    while (waiting[0] !== undefined && waiting[0].atMs <= performance.now()) waiting.shift()?.action()
  }
  return {
    add(action, delayMs) {
      if (delayMs === 0 && waiting.length === 0) return action()
      waiting.push({ action, atMs: performance.now() + delayMs })
      // A timer may fire a little early.
      if (Number.isFinite(delayMs)) setTimeout(drain, delayMs + 2)
    },
    release() {
      for (const item of waiting) item.atMs = Math.min(item.atMs, performance.now())
      drain()
    },
  }
}

/** Starts a proxy on a free port, passing to `ports`. */
export async function startTcpProxy(
  ports: readonly number[],
  options: TcpProxyOptions = {},
): Promise<TcpProxy> {
  const links = new Set<Link>()
  const state = { mode: 'pass' as Exclude<ProxyMode, 'flap'>, targets: ports, accepted: 0, turn: 0 }
  let flapping: NodeJS.Timeout | undefined

  /** One delay a round trip is enough: it is put on the way back. */
  function carry(link: Link, way: 'toServer' | 'toClient', action: () => void): void {
    if (link.isLost || state.mode === 'blackhole') link.isLost = true
    else if (state.mode === 'hang') link[way].add(action, Number.POSITIVE_INFINITY)
    else link[way].add(action, state.mode === 'slow' && way === 'toClient' ? slowMs : 0)
  }

  /** Where nobody listens the next one is tried, as balancers do. */
  function open(link: Link, turn: number, tried = 0): void {
    const target = state.targets[(turn + tried) % state.targets.length]
    if (target === undefined || link.client.destroyed) return void link.client.destroy()
    const server = connect({ port: target, host: '127.0.0.1', noDelay: true })
    const isLast = tried + 1 >= state.targets.length
    let isOpen = false
    server.on('connect', () => {
      isOpen = true
      for (const bytes of link.early.splice(0)) server.write(bytes)
      link.server = server
      if (link.hasEnded) server.end()
    })
    server.on('data', (bytes) => carry(link, 'toClient', () => link.client.write(bytes)))
    server.on('end', () => carry(link, 'toClient', () => link.client.end()))
    server.on('error', () => {
      if (isOpen || isLast) carry(link, 'toClient', () => reset(link.client))
      else open(link, turn, tried + 1)
    })
  }

  function pass(link: Link, bytes: Buffer): void {
    if (link.server === undefined) link.early.push(bytes)
    else link.server.write(bytes)
  }

  function finish(link: Link): void {
    link.hasEnded = true
    link.server?.end()
  }

  function accept(client: Socket): void {
    state.accepted++
    const pipes = { toServer: createPipe(), toClient: createPipe() }
    const isLost = state.mode === 'blackhole'
    const link: Link = { client, server: undefined, early: [], hasEnded: false, isLost, ...pipes }
    links.add(link)
    client.setNoDelay(true)
    client.on('data', (bytes) => {
      options.sent?.(bytes)
      carry(link, 'toServer', () => pass(link, bytes))
    })
    client.on('error', () => {})
    client.on('end', () => carry(link, 'toServer', () => finish(link)))
    client.on('close', () => {
      links.delete(link)
      link.server?.destroy()
    })
    if (!link.isLost) carry(link, 'toServer', () => open(link, state.turn++))
  }

  const server = createServer({ allowHalfOpen: true }, accept)
  const port = await listen(server, await stablePort())

  function cut(): void {
    for (const { client, server: other } of links) {
      reset(client)
      other?.destroy()
    }
  }

  async function enter(mode: Exclude<ProxyMode, 'flap'>): Promise<void> {
    state.mode = mode
    if (mode === 'blackhole') for (const link of links) link.isLost = true
    if (mode === 'refuse') {
      cut()
      if (server.listening) await new Promise((resolve) => server.close(resolve))
      cut()
      return
    }
    if (!server.listening) await listen(server, port)
    if (mode === 'pass' || mode === 'slow') for (const link of links) release(link)
  }

  return {
    port,
    async set(mode) {
      clearInterval(flapping)
      if (mode !== 'flap') return enter(mode)
      let isUp = true
      flapping = setInterval(() => {
        isUp = !isUp
        void enter(isUp ? 'pass' : 'refuse').catch(() => {})
      }, flapMs)
    },
    cut,
    aim(targets) {
      state.targets = targets
    },
    accepted: () => state.accepted,
    async close() {
      clearInterval(flapping)
      await enter('refuse')
    },
  }
}

/** Node leaks the handle of a socket that is reset while it is being ended, and then never ends itself. */
function reset(socket: Socket): void {
  if (socket.writableEnded) socket.destroy()
  else socket.resetAndDestroy()
}

function release(link: Link): void {
  link.toServer.release()
  link.toClient.release()
}

async function listen(server: ReturnType<typeof createServer>, port: number): Promise<number> {
  server.listen(port, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  return typeof address === 'object' && address !== null ? address.port : port
}
