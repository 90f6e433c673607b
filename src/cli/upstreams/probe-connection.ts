// One connection of the probe to an upstream. Plain sockets: what the server does with a connection is what is asked.

import { readFileSync } from 'node:fs'
import { connect as connectTcp, isIP, type Socket } from 'node:net'
import { connect as connectTls, type ConnectionOptions, TLSSocket } from 'node:tls'
import type { Upstream } from '../../config/compiled.ts'
import { type ProbeAnswer, readAnswer } from './read-answer.ts'

/** No answer came: nothing in time, the connection ended first, or what came is no HTTP/1. */
export type NoAnswer = 'silent' | 'closed' | 'garbled'

export interface ProbeConnection {
  /** What TLS came to; null: none. */
  readonly tls: { readonly version: string; readonly alpn: string | null } | null
  /** Hands bytes (latin1) to the socket; nothing where the connection is over. */
  send(bytes: string): void
  /** The next final answer; interim ones are counted. */
  answer(waitMs: number): Promise<ProbeAnswer | NoAnswer>
  /** Waits until something has come that no `answer` has taken, or the connection is over; whether it was so in time. */
  stirs(waitMs: number): Promise<boolean>
  /** Waits for its end; whether it came in time. What comes besides is left. */
  ends(waitMs: number): Promise<boolean>
  /** Bytes that no `answer` has taken. */
  left(): string
  /** Interim answers so far. */
  interim(): number
  isOver(): boolean
  /** What ended it, where that was a fault. */
  failure(): Error | undefined
  close(): void
}

/** What a connection waited for when its time was over. */
export type ConnectStage = 'name' | 'connect' | 'handshake'

/** The connection did not come about in time. */
export class ProbeTimeout extends Error {
  override readonly name = 'ProbeTimeout'
  readonly stage: ConnectStage

  constructor(stage: ConnectStage) {
    super(`${stage}: not in time`)
    this.stage = stage
  }
}

/** The files that the upstream's entry names. Throws when one cannot be read. */
export function certificatesOf({ caFiles, clientCertificate }: Upstream): ConnectionOptions {
  return {
    ...(caFiles.length > 0 && { ca: caFiles.map((file) => readFileSync(file)) }),
    ...(clientCertificate !== null && {
      cert: readFileSync(clientCertificate.certFile),
      key: readFileSync(clientCertificate.keyFile),
    }),
  }
}

/** Connects as the gateway does: certificates are checked. Rejects with what went wrong. */
export async function openConnection(
  upstream: Upstream,
  protocols: readonly string[] = ['http/1.1'],
): Promise<ProbeConnection> {
  const { isSecure, host, port } = placeOf(upstream)
  const servername = upstream.serverName ?? (isIP(host) === 0 ? host.replace(/\.$/, '') : '')
  const options = { host, port, servername, rejectUnauthorized: true }
  const socket = isSecure
    ? connectTls({ ...certificatesOf(upstream), ...options, ALPNProtocols: [...protocols] })
    : connectTcp({ host, port })
  await untilConnected(socket, { timeoutMs: upstream.connectTimeoutMs, isNamed: isIP(host) === 0 })
  socket.setNoDelay(true)
  return connectionOver(socket)
}

function placeOf({ origin }: Upstream): { isSecure: boolean; host: string; port: number } {
  const url = new URL(origin)
  const isSecure = url.protocol === 'https:'
  const host = url.hostname.replace(/^\[|\]$/g, '')
  return { isSecure, host, port: Number(url.port === '' ? (isSecure ? 443 : 80) : url.port) }
}

function untilConnected(
  socket: Socket,
  { timeoutMs, isNamed }: { readonly timeoutMs: number; readonly isNamed: boolean },
): Promise<void> {
  return new Promise((resolve, reject) => {
    let stage: ConnectStage = isNamed ? 'name' : 'connect'
    const timer = setTimeout(() => socket.destroy(new ProbeTimeout(stage)), timeoutMs)
    socket.on('lookup', () => (stage = 'connect'))
    socket.once('connect', () => (stage = 'handshake'))
    socket.once(socket instanceof TLSSocket ? 'secureConnect' : 'connect', () => {
      clearTimeout(timer)
      resolve()
    })
    // It stays: an error without a listener would end the process.
    socket.on('error', (error) => {
      clearTimeout(timer)
      reject(error)
    })
  })
}

const mostKeptBytes = 8 * 1024 * 1024

function connectionOver(socket: Socket): ProbeConnection {
  let bytes = ''
  let interim = 0
  let isOver = false
  let error: Error | undefined
  let wake = () => {}
  socket.setEncoding('latin1')
  socket.on('data', (text: string) => {
    bytes += text
    if (bytes.length > mostKeptBytes) socket.destroy()
    wake()
  })
  socket.on('error', (reason) => (error = reason))
  const over = () => {
    isOver = true
    wake()
  }
  socket.once('end', over).once('close', over)

  /** Waits until `isSo`, looking again whenever something has happened. */
  async function until(isSo: () => boolean, waitMs: number): Promise<boolean> {
    const deadline = performance.now() + waitMs
    while (!isSo()) {
      const leftMs = deadline - performance.now()
      if (leftMs <= 0) return false
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, leftMs)
        wake = () => {
          clearTimeout(timer)
          resolve()
        }
      })
    }
    return true
  }

  function take(): ProbeAnswer | NoAnswer | undefined {
    if (bytes === '') return isOver ? 'closed' : undefined
    const read = readAnswer(bytes, isOver)
    if (read.kind === 'garbled') return isOver && bytes.startsWith('HTTP/1.') ? 'closed' : 'garbled'
    if (read.kind === 'part') return undefined
    bytes = read.rest
    if (read.answer.status >= 200) return read.answer
    interim++
    return take()
  }

  return {
    tls:
      socket instanceof TLSSocket
        ? { version: socket.getProtocol() ?? 'unknown', alpn: socket.alpnProtocol || null }
        : null,
    send(text) {
      if (!isOver && socket.writable) socket.write(text, 'latin1')
    },
    async answer(waitMs) {
      let taken: ProbeAnswer | NoAnswer | undefined
      await until(() => (taken = take()) !== undefined, waitMs)
      return taken ?? 'silent'
    },
    stirs: (waitMs) => until(() => isOver || bytes !== '', waitMs),
    ends: (waitMs) => until(() => isOver, waitMs),
    left: () => bytes,
    interim: () => interim,
    isOver: () => isOver,
    failure: () => error,
    close: () => void socket.destroy(),
  }
}
