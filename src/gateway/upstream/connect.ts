// Opens connections to one upstream.

import { connect as connectTcp, isIP, type OnReadOpts, type Socket } from 'node:net'
import { type ConnectionOptions, connect as connectTls, type SecureContextOptions } from 'node:tls'
import { CircuitOpen, createConnectCircuit } from '../connect-circuit.ts'

/** No connection came about in the time that it had. */
export class ConnectTimeout extends Error {
  override readonly name = 'ConnectTimeout'
}

export interface ConnectOptions {
  readonly origin: string
  readonly timeoutMs: number
  /** Authorities to trust and a certificate to show, for https. */
  readonly certificates: SecureContextOptions
}

/**
 * Called once: with a socket over which a request can be sent, or with what went wrong. What is read is told by `onread`,
 * from the socket's first byte.
 */
export type Connect = (onread: OnReadOpts, done: (error: Error | null, socket?: Socket) => void) => void

/** Connects with certificate checks on, against the upstream's own name whatever Host the client sent. */
export function createConnect({ origin, timeoutMs, certificates }: ConnectOptions): Connect {
  const url = new URL(origin)
  const isSecure = url.protocol === 'https:'
  const host = url.hostname.replace(/^\[|\]$/g, '')
  const port = Number(url.port === '' ? (isSecure ? 443 : 80) : url.port)
  const circuit = createConnectCircuit(() => performance.now())
  let session: Buffer | undefined

  function open(onread: OnReadOpts): Socket {
    // Half open: who is told of the other side's end closes the whole, and has nothing to shut down before.
    if (!isSecure) return connectTcp({ host, port, onread, allowHalfOpen: true })
    const servername = isIP(host) === 0 ? host : ''
    const options: ConnectionOptions & { onread: OnReadOpts } = {
      ...certificates,
      rejectUnauthorized: true,
      ALPNProtocols: ['http/1.1'],
      servername,
      host,
      port,
      onread,
      ...(session !== undefined && { session }),
    }
    const socket = connectTls(options)
    return socket.on('session', (made: Buffer) => {
      session = made
    })
  }

  return (onread, done) => {
    if (!circuit.allows()) return process.nextTick(done, new CircuitOpen('not tried'))
    const socket = open(onread)
    // It alone keeps no process alive: the client's connection does.
    socket.setNoDelay(true).unref()
    const timer = setTimeout(() => socket.destroy(new ConnectTimeout('no connection')), timeoutMs).unref()
    let isOver = false
    const finish = (error: Error | null) => {
      // Listens on, as nobody may for a moment: an error without a listener would end the process.
      if (isOver) return
      isOver = true
      clearTimeout(timer)
      if (error instanceof ConnectTimeout) circuit.timedOut()
      else circuit.answered()
      if (error === null) done(null, socket)
      else done(error)
    }
    socket.once(isSecure ? 'secureConnect' : 'connect', () => finish(null))
    socket.on('error', finish).once('close', () => finish(new Error('closed before it was connected')))
  }
}
