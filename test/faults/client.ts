// Clients as they are outside: keep-alive connections on which one request follows another, each with its time.

import { randomBytes } from 'node:crypto'
import { connect, type Socket } from 'node:net'
import { crc32 } from 'node:zlib'

/** Monotonic milliseconds. */
export interface Answer {
  /** 0: the connection ended before an answer. */
  readonly status: number
  /** Before the first byte was written. */
  readonly sentAtMs: number
  readonly tookMs: number
}

export interface Client {
  ask(secret: string): Promise<Answer>
  close(): void
}

/**
 * A client with one connection at a time to `port`, opened anew when it is closed. `address`: tells, for each request,
 * whom it is passed on for.
 */
export function createClient(port: number, address?: () => string): Client {
  let socket: Socket | undefined
  let settle: ((status: number) => void) | undefined
  let received = ''

  function finish(status: number): void {
    const done = settle
    settle = undefined
    done?.(status)
  }

  function open(): Socket {
    const fresh = connect({ port, host: '127.0.0.1', noDelay: true })
    received = ''
    fresh.on('error', () => {})
    fresh.on('close', () => {
      if (socket !== fresh) return
      socket = undefined
      finish(0)
    })
    fresh.on('data', (bytes) => {
      received += bytes.toString('latin1')
      const head = /^HTTP\/1\.1 (\d{3})[^]*?\r\ncontent-length: *(\d+)[^]*?\r\n\r\n/i.exec(received)
      if (head === null || received.length < head[0].length + Number(head[2])) return
      received = received.slice(head[0].length + Number(head[2]))
      if (/\r\nconnection: *close/i.test(head[0])) {
        socket = undefined
        fresh.end()
      }
      finish(Number(head[1]))
    })
    return fresh
  }

  return {
    ask(secret) {
      return new Promise((resolve) => {
        const sentAtMs = performance.now()
        settle = (status) => resolve({ status, sentAtMs, tookMs: performance.now() - sentAtMs })
        socket ??= open()
        const forwarded = address === undefined ? '' : `X-Forwarded-For: ${address()}\r\n`
        socket.write(
          `GET /v1/a HTTP/1.1\r\nHost: api.example.com\r\n${forwarded}X-Api-Key: ${secret}\r\n\r\n`,
        )
      })
    },
    close() {
      const last = socket
      socket = undefined
      last?.destroy()
      finish(0)
    },
  }
}

const base62 = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'

/** A key with the right shape and checksum that nobody has made. */
export function unknownSecret(prefix = 'live_'): string {
  const random = [...randomBytes(32)].map((byte) => base62[byte % 62]).join('')
  let rest = crc32(prefix + random)
  let checksum = ''
  for (let i = 0; i < 6; i++) {
    checksum = (base62[rest % 62] ?? '0') + checksum
    rest = Math.floor(rest / 62)
  }
  return prefix + random + checksum
}

/** The value that `part` (0 to 1) of the values do not exceed; 0 for none. */
export function percentile(values: readonly number[], part: number): number {
  const sorted = values.toSorted((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? 0
}

export interface Load {
  /** Answers so far, by status. */
  readonly counts: Readonly<Record<number, number>>
  /** Milliseconds of each answer. */
  readonly took: readonly number[]
  stop(): Promise<void>
}

/** Clients that ask with one of `secrets` again and again, with a pause between. */
export function startLoad(
  ports: readonly number[],
  of: { readonly clients: number; readonly pauseMs: number; readonly secrets: () => readonly string[] },
  answered: (answer: Answer, secret: string) => void = () => {},
): Load {
  const counts: Record<number, number> = {}
  const took: number[] = []
  let isRunning = true
  const runs = Array.from({ length: of.clients }, async (_, index) => {
    const clients = ports.map((port) => createClient(port))
    while (isRunning) {
      const secrets = of.secrets()
      const secret = secrets[Math.floor(Math.random() * secrets.length)] ?? ''
      const client = clients[(index + took.length) % clients.length]
      const answer = await client?.ask(secret)
      if (answer === undefined) continue
      counts[answer.status] = (counts[answer.status] ?? 0) + 1
      took.push(answer.tookMs)
      answered(answer, secret)
      await new Promise((resolve) => setTimeout(resolve, of.pauseMs * (0.5 + Math.random())))
    }
    for (const client of clients) client.close()
  })
  return {
    counts,
    took,
    async stop() {
      isRunning = false
      await Promise.all(runs)
    },
  }
}
