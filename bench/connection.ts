// One keep-alive connection of the load: a request out, its answer in, told when it has come whole.

import { connect as connectPlain, type Socket } from 'node:net'
import { connect as connectTls } from 'node:tls'

export interface Target {
  readonly port: number
  readonly isTls: boolean
}

export interface Connection {
  /** Sends a whole message; the next one may be sent when `answered` was told. */
  send(message: string): void
  close(): void
}

interface Listener {
  answered(status: number): void
  /** The connection broke, or what came is no answer that can be read. */
  failed(reason: string): void
}

/** Resolves when it is open; never verifies certificates, as those of the bench are its own. */
export function openConnection({ port, isTls }: Target, listener: Listener): Promise<Connection> {
  return new Promise((resolve, reject) => {
    const host = '127.0.0.1'
    const socket: Socket = isTls
      ? connectTls({ host, port, rejectUnauthorized: false })
      : connectPlain({ host, port })
    const read = createAnswerReader(listener)
    let isOpen = false
    let isClosing = false
    const fail = (reason: string) => {
      if (isClosing) return
      isClosing = true
      socket.destroy()
      if (isOpen) listener.failed(reason)
      else reject(new Error(reason))
    }
    socket.setNoDelay(true)
    socket.on('data', read)
    socket.once('error', (error) => fail(error.message))
    socket.once('close', () => fail('the connection was closed'))
    socket.once(isTls ? 'secureConnect' : 'connect', () => {
      isOpen = true
      resolve({
        send: (message) => void socket.write(message, 'latin1'),
        close() {
          isClosing = true
          socket.destroy()
        },
      })
    })
  })
}

/** Reads answers with a Content-Length, one after the other, from chunks cut anywhere. */
export function createAnswerReader(listener: Listener): (chunk: Buffer) => void {
  let head = ''
  let status = 0
  let missing = 0

  const finish = (over: number) => {
    if (over > 0) listener.failed('more than one answer to one request')
    else listener.answered(status)
  }
  return (chunk) => {
    if (missing > 0) {
      missing -= chunk.length
      if (missing <= 0) finish(-missing)
      return
    }
    head += chunk.toString('latin1')
    const end = head.indexOf('\r\n\r\n')
    if (end === -1) return
    const length = /\r\ncontent-length: *(\d+)/i.exec(head.slice(0, end))?.[1]
    if (length === undefined) return listener.failed('an answer without Content-Length')
    status = Number(head.slice(9, 12))
    missing = end + 4 + Number(length) - head.length
    head = ''
    if (missing <= 0) finish(-missing)
  }
}
