// An upstream that records what reaches it, byte for byte: plain sockets, no HTTP library in between that could mend.

import { once } from 'node:events'
import { createServer, type Socket } from 'node:net'

export interface RecordedRequest {
  readonly method: string
  /** The request target as it came. */
  readonly target: string
  /** Name and value of each field, in order, as they came. */
  readonly headers: readonly (readonly [string, string])[]
  /** The body's bytes, after the framing was taken off. */
  readonly body: string
}

export interface RecordingUpstream {
  readonly url: string
  readonly port: number
  readonly requests: RecordedRequest[]
  /** Connections accepted so far. */
  connections(): number
  /** Sockets open now. */
  open(): number
  close(): Promise<void>
}

/** What to do with a request: the bytes of a response, or anything at all with the socket. */
export type Answer = (request: RecordedRequest, socket: Socket) => string | Buffer | undefined

export const plainAnswer =
  'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 11\r\n\r\n{"ok":true}'

/** Starts one on a free port. `answer` returns what to write; undefined: it has done so itself. */
export async function startUpstream(answer: Answer = () => plainAnswer): Promise<RecordingUpstream> {
  const requests: RecordedRequest[] = []
  const sockets = new Set<Socket>()
  let accepted = 0
  const server = createServer((socket) => {
    accepted++
    sockets.add(socket)
    let buffered = ''
    socket.on('close', () => sockets.delete(socket))
    socket.on('error', () => {})
    socket.on('data', (chunk) => {
      buffered += chunk.toString('latin1')
      for (;;) {
        const taken = takeRequest(buffered)
        if (taken === undefined) return
        buffered = taken.rest
        requests.push(taken.request)
        const bytes = answer(taken.request, socket)
        if (bytes !== undefined) socket.write(bytes)
      }
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  const port = typeof address === 'object' && address !== null ? address.port : 0
  return {
    url: `http://127.0.0.1:${port}`,
    port,
    requests,
    connections: () => accepted,
    open: () => sockets.size,
    async close() {
      for (const socket of sockets) socket.destroy()
      server.close()
      await once(server, 'close')
    },
  }
}

/** Takes one whole request off the front of the bytes; undefined: it has not all come. */
function takeRequest(bytes: string): { request: RecordedRequest; rest: string } | undefined {
  const end = bytes.indexOf('\r\n\r\n')
  if (end === -1) return undefined
  const [line = '', ...fields] = bytes.slice(0, end).split('\r\n')
  const [method = '', target = ''] = line.split(' ')
  const headers = fields.map((field): [string, string] => {
    const colon = field.indexOf(':')
    return [field.slice(0, colon), field.slice(colon + 1).trim()]
  })
  const framed = takeBody(bytes.slice(end + 4), headers)
  return framed && { request: { method, target, headers, body: framed.body }, rest: framed.rest }
}

function takeBody(bytes: string, headers: [string, string][]): { body: string; rest: string } | undefined {
  const value = (name: string) => headers.find(([field]) => field.toLowerCase() === name)?.[1]
  if (value('transfer-encoding') === 'chunked') return takeChunks(bytes)
  const length = Number(value('content-length') ?? 0)
  return bytes.length < length ? undefined : { body: bytes.slice(0, length), rest: bytes.slice(length) }
}

function takeChunks(bytes: string): { body: string; rest: string } | undefined {
  let body = ''
  let at = 0
  for (;;) {
    const lineEnd = bytes.indexOf('\r\n', at)
    if (lineEnd === -1) return undefined
    const size = Number.parseInt(bytes.slice(at, lineEnd), 16)
    const next = lineEnd + 2 + size + 2
    if (bytes.length < next) return undefined
    body += bytes.slice(lineEnd + 2, lineEnd + 2 + size)
    at = next
    if (size === 0) return { body, rest: bytes.slice(at) }
  }
}

/** All values of a field, by its name in any case. */
export function valuesOf(request: RecordedRequest | undefined, name: string): string[] {
  return (request?.headers ?? [])
    .filter(([field]) => field.toLowerCase() === name.toLowerCase())
    .map(([, value]) => value)
}
