// One connection of several requests: bytes out in parts, responses back one by one.

import { connect, type Socket } from 'node:net'
import { setImmediate as turn } from 'node:timers/promises'
import { fieldOf, parseResponse } from './wire.ts'

export interface Conversation {
  readonly bytes: string
  /** Where the bytes are cut into writes, as shares of the whole. */
  readonly cuts: readonly number[]
  /** Methods of the requests in order: a response to HEAD has no body; as many responses are waited for. */
  readonly methods: readonly string[]
  /** How long to wait for them. */
  readonly patienceMs?: number
}

/** Sends all, waits for the responses or for the end of the connection; gives the bytes of each final response. */
export function converse(port: number, conversation: Conversation): Promise<string[]> {
  const { bytes, cuts, methods, patienceMs = 2_000 } = conversation
  return new Promise((resolve) => {
    let received = ''
    const socket = connect({ port, host: '127.0.0.1', noDelay: true })
    const finish = () => {
      clearTimeout(timer)
      socket.destroy()
      resolve(splitResponses(received, methods))
    }
    const timer = setTimeout(finish, patienceMs)
    socket.on('error', () => {})
    socket.on('close', finish)
    socket.on('data', (chunk) => {
      received += chunk.toString('latin1')
      // The last answer is there: the other side ends too, and says what it thinks of what else has come.
      if (splitResponses(received, methods).length >= methods.length) socket.end()
    })
    socket.on('connect', () => {
      void send(socket, parts(bytes, cuts)).then(() => {
        if (methods.length === 0) socket.end()
      })
    })
  })
}

/** Each part in a packet of its own, as far as that can be had. */
async function send(socket: Socket, packets: readonly string[]): Promise<void> {
  for (const packet of packets) {
    socket.write(packet, 'latin1')
    await turn()
  }
}

function parts(bytes: string, cuts: readonly number[]): string[] {
  const places = [...cuts.map((share) => Math.floor(share * bytes.length)), bytes.length].toSorted(
    (a, b) => a - b,
  )
  return places
    .map((place, i) => bytes.slice(i === 0 ? 0 : places[i - 1], place))
    .filter((part) => part !== '')
}

/** Final responses that have come whole; what follows them unfinished is left out, except where nothing came whole. */
export function splitResponses(bytes: string, methods: readonly string[]): string[] {
  const responses: string[] = []
  let rest = bytes
  while (rest.includes('\r\n\r\n')) {
    const response = parseResponse(rest)
    const headEnd = response.head.length + 4
    const isInterim = response.status >= 100 && response.status < 200
    const hasNoBody = isInterim || methods[responses.length] === 'HEAD'
    const length = hasNoBody ? 0 : Number(fieldOf(response, 'Content-Length') ?? 0)
    if (response.body.length < length) return responses
    if (!isInterim) responses.push(rest.slice(0, headEnd + length))
    rest = rest.slice(headEnd + length)
  }
  return responses
}
