// Clients as they are outside: keep-alive connections on which one request follows another, each with its time.

import { randomBytes } from 'node:crypto'
import { connect, type Socket } from 'node:net'
import { crc32 } from 'node:zlib'
import { nowMs } from './clock.ts'

/** Monotonic milliseconds, comparable between processes. */
export interface Answer {
  /** 0: the connection ended before an answer. */
  readonly status: number
  /** Of a refusal. */
  readonly code: string
  /** Before the first byte was written. */
  readonly sentAtMs: number
  readonly tookMs: number
}

export interface Client {
  ask(secret: string): Promise<Answer>
  close(): void
}

/** What is asked for. */
export interface Asked {
  readonly host: string
  readonly path: string
  /** What stands before the secret; `X-Api-Key: ` unless said. */
  readonly field?: string
}

export const demo: Asked = { host: 'api.example.com', path: '/v1/a' }
/** The same with access tokens. */
export const demoWithToken: Asked = { ...demo, field: 'Authorization: Bearer ' }

/**
 * A client with one connection at a time to `port`, opened anew when it is closed. `address`: tells, for each request,
 * whom it is passed on for.
 */
export function createClient(
  port: number,
  address?: () => string,
  { host, path, field = 'X-Api-Key: ' } = demo,
): Client {
  let socket: Socket | undefined
  let settle: ((status: number, code: string) => void) | undefined

  function finish(status: number, code = ''): void {
    const done = settle
    settle = undefined
    done?.(status, code)
  }

  function open(): Socket {
    const fresh = connect({ port, host: '127.0.0.1', noDelay: true })
    let received = ''
    const leave = () => {
      if (socket !== fresh) return
      socket = undefined
      finish(0)
    }
    fresh.on('error', () => {})
    // The other side says that it answers no more: what is asked from now on needs another connection.
    fresh.on('end', leave)
    fresh.on('close', leave)
    fresh.on('data', (bytes) => {
      received += bytes.toString('latin1')
      const head = /^HTTP\/1\.1 (\d{3})[^]*?\r\ncontent-length: *(\d+)[^]*?\r\n\r\n/i.exec(received)
      if (head === null || received.length < head[0].length + Number(head[2])) return
      const code = /"code":"(\w+)"/.exec(received)?.[1]
      received = received.slice(head[0].length + Number(head[2]))
      if (/\r\nconnection: *close/i.test(head[0])) {
        socket = undefined
        fresh.end()
      }
      finish(Number(head[1]), code)
    })
    return fresh
  }

  return {
    ask(secret) {
      return new Promise((resolve) => {
        const forwarded = address === undefined ? '' : `X-Forwarded-For: ${address()}\r\n`
        const request = `GET ${path} HTTP/1.1\r\nHost: ${host}\r\n${forwarded}${field}${secret}\r\n\r\n`
        socket ??= open()
        const sentAtMs = nowMs()
        settle = (status, code) => resolve({ status, code, sentAtMs, tookMs: nowMs() - sentAtMs })
        socket.write(request)
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
