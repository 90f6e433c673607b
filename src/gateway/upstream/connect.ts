// Opens connections to one upstream.

import { connect as connectTcp, isIP, type OnReadOpts, type Socket } from 'node:net'
import {
  type ConnectionOptions,
  connect as connectTls,
  type SecureContextOptions,
  type TLSSocket,
} from 'node:tls'
import { CircuitOpen, createConnectCircuit } from './connect-circuit.ts'
import { endPolitely } from '../listener/polite-end.ts'
import type { Names } from './names.ts'
import { isOurs } from './no-room.ts'

/** No connection came about in the time that it had. */
export class ConnectTimeout extends Error {
  override readonly name = 'ConnectTimeout'
  /** What the time was spent on. */
  readonly reason: 'connect_timeout' | 'name_timeout'

  constructor(reason: ConnectTimeout['reason']) {
    super(reason === 'name_timeout' ? 'no address' : 'no connection')
    this.reason = reason
  }
}

export interface ConnectOptions {
  readonly origin: string
  /** Name that the certificate must be for; null: that of the origin. */
  readonly serverName?: string | null
  readonly timeoutMs: number
  /** Authorities to trust and a certificate to show, for https. */
  readonly certificates: SecureContextOptions
  /** What names resolve to; left out: each connect asks the system. */
  readonly names?: Names
  /** Of an origin that is an address: the name that it was looked up by. */
  readonly foundBy?: string | null
}

/**
 * Never throws. `done` is called once, and later: with a socket over which a request can be sent, or with what went wrong.
 * What is read is told by `onread`, from the socket's first byte.
 */
export type Connect = (onread: OnReadOpts, done: (error: Error | null, socket?: Socket) => void) => void

/** Connects with certificate checks on, against the upstream's own name whatever Host the client sent. */
export function createConnect({
  origin,
  serverName = null,
  timeoutMs,
  certificates,
  names,
  foundBy = null,
}: ConnectOptions): Connect {
  const url = new URL(origin)
  const isSecure = url.protocol === 'https:'
  const host = url.hostname.replace(/^\[|\]$/g, '')
  const port = Number(url.port === '' ? (isSecure ? 443 : 80) : url.port)
  const isAddress = isIP(host) !== 0
  const doubtful = isAddress ? foundBy : host
  const lookup = names === undefined ? {} : { lookup: names.lookup }
  // RFC 6066 §3: no address, and no dot at its end.
  const servername = serverName ?? (isAddress ? '' : host.replace(/\.$/, ''))
  const circuit = createConnectCircuit(() => performance.now())
  let session: Buffer | undefined

  function open(onread: OnReadOpts): Socket {
    // Half open: who is told of the other side's end closes the whole, and has nothing to shut down before.
    if (!isSecure) return connectTcp({ host, port, onread, allowHalfOpen: true, ...lookup })
    const options: ConnectionOptions & { onread: OnReadOpts } = {
      ...certificates,
      ...lookup,
      rejectUnauthorized: true,
      ALPNProtocols: ['http/1.1'],
      servername,
      host,
      port,
      onread,
      ...(session !== undefined && { session }),
    }
    const socket = connectTls(options)
    endPolitely(socket, isShaken)
    return socket.on('session', (made: Buffer) => {
      session = made
    })
  }

  return (onread, done) => {
    if (!circuit.allows()) return process.nextTick(done, new CircuitOpen('not tried'))
    let socket: Socket
    try {
      socket = open(onread)
    } catch (error) {
      circuit.failedHere()
      return process.nextTick(done, error)
    }
    // It alone keeps no process alive: the client's connection does.
    socket.setNoDelay(true).unref()
    let isResolved = isAddress
    if (!isAddress) socket.on('lookup', (error: Error | null) => (isResolved = error === null))
    const giveUp = () => socket.destroy(new ConnectTimeout(isResolved ? 'connect_timeout' : 'name_timeout'))
    const timer = setTimeout(giveUp, timeoutMs).unref()
    let isOver = false
    const finish = (error: Error | null) => {
      // Listens on, as nobody may for a moment: an error without a listener would end the process.
      if (isOver) return
      isOver = true
      clearTimeout(timer)
      if (isOurs(error)) circuit.failedHere()
      else if (error instanceof ConnectTimeout || isUnresolved(error)) circuit.timedOut()
      else circuit.answered()
      if (error === null) return done(null, socket)
      // Somebody else may have the address by now, or nobody.
      if (doubtful !== null && isResolved && !isOurs(error)) names?.doubt(doubtful)
      done(error)
    }
    socket.once(isSecure ? 'secureConnect' : 'connect', () => finish(null))
    socket.on('error', finish).once('close', () => finish(new Error('closed before it was connected')))
  }
}

/** Before its handshake is done there is no end to be told. */
function isShaken(socket: TLSSocket): boolean {
  return socket.authorized
}

/** The name servers said nothing in their time, which is not the upstream's answer. */
function isUnresolved(error: Error | null): boolean {
  return error !== null && 'code' in error && error.code === 'EAI_AGAIN'
}
