// Servers for the probe, made of plain sockets: each odd in one way.

import { once } from 'node:events'
import { createServer, type Server, type Socket } from 'node:net'

export interface OddHead {
  readonly method: string
  readonly isChunked: boolean
  readonly isToClose: boolean
}

export interface Oddity {
  /** What becomes of a body: read whole; left in the connection; or read as far as it has come with its head. */
  readonly reads?: (head: OddHead) => 'whole' | 'nothing' | 'what-is-there'
  /** Field lines of every answer, each with its end. */
  readonly fields?: string
  /** Answers with `Connection: close` where it was asked to, and closes then. */
  readonly isDeafToClose?: boolean
  /** Closes that long after each answer. */
  readonly closesAfterMs?: number
  /** Connections that it serves at once; others wait. */
  readonly places?: number
  /** A path that it has: it closes behind each answer to another one. */
  readonly has?: string
  /** How long the second and later answers on a connection take. */
  readonly laterMs?: number
}

export interface OddServer {
  readonly url: string
  /** Request lines and fields as they came. */
  readonly heads: string[]
}

interface Teardown {
  teardown(fn: () => void): unknown
}

/** Starts one on a free port, ended with the test. It answers 404, and 400 to what is no request. */
export async function startOddServer(t: Teardown, oddity: Oddity = {}): Promise<OddServer> {
  const { places = Number.POSITIVE_INFINITY } = oddity
  const heads: string[] = []
  const waiting: Socket[] = []
  let served = 0
  const begin = (socket: Socket) => {
    served++
    serve(socket, oddity, heads)
    socket.once('close', () => {
      served--
      const next = waiting.shift()
      if (next !== undefined) begin(next)
    })
    socket.resume()
  }
  const server = createServer({ pauseOnConnect: true }, (socket) => {
    socket.on('error', () => {})
    if (served < places) begin(socket)
    else waiting.push(socket)
  })
  return { url: await listen(t, server), heads }
}

/** Listens on a free port until the test ends; gives its URL, over plain TCP. */
export async function listen(t: Teardown, server: Server): Promise<string> {
  const sockets = new Set<Socket>()
  server.on('connection', (socket: Socket) => {
    sockets.add(socket)
    socket.once('close', () => sockets.delete(socket))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => {
    for (const socket of sockets) socket.destroy()
    server.close()
  })
  return `http://127.0.0.1:${Object(server.address()).port}`
}

function serve(socket: Socket, oddity: Oddity, heads: string[]): void {
  let bytes = ''
  let end: ((text: string) => number) | undefined
  let answers = 0
  const answer = (status: number, isToClose: boolean) => {
    const close = isToClose ? 'Connection: close\r\n' : ''
    const text = `HTTP/1.1 ${status} Odd\r\n${oddity.fields ?? ''}${close}Content-Length: 3\r\n\r\nodd`
    if (answers++ === 0 || oddity.laterMs === undefined) socket.write(text)
    else setTimeout(() => socket.write(text), oddity.laterMs)
    if (isToClose) socket.end()
    if (oddity.closesAfterMs !== undefined) setTimeout(() => socket.end(), oddity.closesAfterMs)
  }
  socket.setNoDelay(true)
  socket.on('data', (chunk: Buffer) => {
    bytes += chunk.toString('latin1')
    for (;;) {
      if (end !== undefined) {
        const at = end(bytes)
        if (at === -1) return
        bytes = bytes.slice(at)
        end = undefined
      }
      const at = bytes.indexOf('\r\n\r\n')
      if (at === -1) return
      const text = bytes.slice(0, at)
      bytes = bytes.slice(at + 4)
      if (!/^[A-Z]+ \/\S* HTTP\/1\.1\r\n/.test(text)) {
        answer(400, false)
        continue
      }
      heads.push(text)
      const head = headOf(text)
      const reads = oddity.reads?.(head) ?? 'whole'
      if (reads === 'what-is-there') bytes = ''
      if (reads === 'whole') end = endOf(text)
      const isThere = oddity.has !== undefined && text.startsWith(`GET ${oddity.has} `)
      const isOther = oddity.has !== undefined && !isThere
      const isToClose = isOther || (head.isToClose && oddity.isDeafToClose !== true)
      answer(isThere ? 200 : 404, isToClose)
      if (isToClose) bytes = ''
    }
  })
}

function headOf(text: string): OddHead {
  return {
    method: text.slice(0, text.indexOf(' ')),
    isChunked: /^transfer-encoding: chunked\r?$/im.test(text),
    isToClose: /^connection: close\r?$/im.test(text),
  }
}

/** Finds where the body ends; -1: it has not come whole. */
function endOf(text: string): ((body: string) => number) | undefined {
  const length = Number(/^content-length: (\d+)\r?$/im.exec(text)?.[1] ?? 0)
  if (length > 0) return (body) => (body.length < length ? -1 : length)
  if (!headOf(text).isChunked) return undefined
  return (body) => {
    const at = body.indexOf('\r\n0\r\n\r\n')
    return at === -1 ? -1 : at + 7
  }
}
