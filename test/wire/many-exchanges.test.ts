// Many clients at once, whole and broken off, in pieces of all sizes, over few connections: each gets its own answer, each
// body arrives as it was sent, no connection carries two requests or one after a body, and nothing is left behind.

import { createHash } from 'node:crypto'
import { once } from 'node:events'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { connect, type Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import t from 'tap'
import { startHttpUpstream } from '../support/http-upstream.ts'
import { host, startKeyedProgram } from '../support/keyed-program.ts'

t.setTimeout(120_000)

const runMs = 4_000
const clients = 24
const sizes = [0, 1, 40, 3_000, 16_384, 16_385, 70_000, 300_000]

const routes = `
  GET  /v1/transactions/{id}: transaction.read
  POST /v1/upload/{id}: transaction.refund
  GET  /v1/search: transaction.search
`

const digest = (bytes: Buffer) => createHash('sha256').update(bytes).digest('hex')
const filler = (id: string, size: number) => Buffer.alloc(size, `${id}.`)

/** Repeatable choices. */
function createDice(seed: number) {
  let state = seed
  const roll = (below: number) => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) & 0x7fffffff
    return Math.floor((state / 0x80000000) * below)
  }
  return { roll, of: <T>(choices: readonly T[]): T => choices[roll(choices.length)] as T }
}
type Dice = ReturnType<typeof createDice>

/** An upstream that answers late, early, in pieces, and tells of what it received; `faults` of how it was used. */
function createUpstream(dice: Dice, faults: string[]) {
  const underWay = new Set<Socket>()
  const hadBody = new Set<Socket>()
  return (incoming: IncomingMessage, response: ServerResponse) => {
    const { socket } = incoming
    if (underWay.has(socket)) faults.push('two at once')
    if (hadBody.has(socket)) faults.push('a request after a body')
    underWay.add(socket)
    if (incoming.headers['transfer-encoding'] ?? Number(incoming.headers['content-length'] ?? 0))
      hadBody.add(socket)
    response.once('close', () => underWay.delete(socket))
    const [, id = '', size = '0'] = /([^/]+)-(\d+)$/.exec(incoming.url ?? '') ?? []
    const hash = createHash('sha256')
    incoming.on('data', (chunk: Buffer) => {
      hash.update(chunk)
      if (dice.roll(20) > 0) return
      incoming.pause()
      setTimeout(() => incoming.resume(), dice.roll(10))
    })
    incoming.on('end', () => {
      const body = filler(id, Number(size))
      response.setHeader('x-digest', hash.digest('hex'))
      if (dice.roll(2) > 0) response.setHeader('content-length', body.length)
      const cut = dice.roll(body.length)
      setTimeout(() => {
        // Its head would be the whole answer, and this end come after it.
        if (body.length === 0) return void response.end()
        response.write(body.subarray(0, cut))
        setTimeout(() => response.end(body.subarray(cut)), dice.roll(8))
      }, dice.roll(8))
    })
  }
}

/** One request on its way: in pieces, perhaps broken off. Gives whether it was sent whole. */
async function sendInPieces(socket: Socket, { head, body }: { head: string; body: Buffer }, dice: Dice) {
  const isChunked = head.includes('chunked')
  const breakAt = dice.roll(8) === 0 ? dice.roll(body.length + 1) : undefined
  const pieces: Buffer[] = [Buffer.from(head, 'latin1')]
  const most = dice.of([3, 100, 5_000, 100_000])
  for (let at = 0; at < Math.min(body.length, breakAt ?? body.length); ) {
    const end = Math.min(body.length, at + 1 + dice.roll(at > 20_000 ? 100_000 : most))
    const piece = body.subarray(at, end)
    pieces.push(
      isChunked
        ? Buffer.concat([Buffer.from(`${piece.length.toString(16)}\r\n`), piece, Buffer.from('\r\n')])
        : piece,
    )
    at = end
  }
  if (isChunked) pieces.push(Buffer.from('0\r\n\r\n'))
  const group = dice.of([1, 4, 400, 10_000])
  for (let i = 0; i < pieces.length; i += group) {
    if (socket.destroyed) return false
    socket.write(Buffer.concat(pieces.slice(i, i + group)))
    if (pieces.length / group < 60 && dice.roll(3) === 0) await sleep(dice.roll(6))
  }
  if (breakAt === undefined) return true
  await sleep(dice.roll(20))
  socket.destroy()
  return false
}

/** Reads one answer off a connection. */
async function readAnswer(socket: Socket): Promise<{ head: string; body: Buffer } | undefined> {
  let bytes = Buffer.alloc(0)
  for (;;) {
    const answer = takeAnswer(bytes)
    if (answer !== undefined) return answer
    const chunk: Buffer | null = socket.read()
    if (chunk !== null) bytes = Buffer.concat([bytes, chunk])
    else if (socket.destroyed || socket.readableEnded) return undefined
    else await Promise.race([once(socket, 'readable'), once(socket, 'close')])
  }
}

function takeAnswer(bytes: Buffer) {
  const end = bytes.indexOf('\r\n\r\n')
  if (end === -1) return undefined
  const head = bytes.toString('latin1', 0, end)
  const length = /\r\ncontent-length: (\d+)/i.exec(head)?.[1]
  let rest = bytes.subarray(end + 4)
  if (length !== undefined) return rest.length < Number(length) ? undefined : { head, body: rest }
  const parts: Buffer[] = []
  for (;;) {
    const line = rest.indexOf('\r\n')
    if (line === -1) return undefined
    const size = Number.parseInt(rest.toString('latin1', 0, line), 16)
    if (rest.length < line + 4 + size) return undefined
    if (size === 0) return { head, body: Buffer.concat(parts) }
    parts.push(rest.subarray(line + 2, line + 2 + size))
    rest = rest.subarray(line + 4 + size)
  }
}

for (const [connections, reuse] of [
  [1, 'bodiless'],
  [4, 'bodiless'],
  [3, 'all'],
] as const) {
  t.test(`${clients} clients, ${connections} connections, reuse ${reuse}`, async (t) => {
    const faults: string[] = []
    const dice = createDice(connections)
    const liveUrl = await startHttpUpstream(t, createUpstream(dice, reuse === 'all' ? [] : faults))
    const program = await startKeyedProgram(t, {
      liveUrl,
      routes,
      upstream: `, connections: ${connections}, reuse: ${reuse}, queue: 1000, queue_timeout: 60s`,
    })
    let answered = 0
    const endAt = performance.now() + runMs
    const client = async (number: number) => {
      let socket: Socket | undefined
      for (let i = 0; performance.now() < endAt; i++) {
        const id = `c${number}n${i}`
        if (socket === undefined || socket.destroyed) {
          socket = connect(program.gatewayPort, '127.0.0.1').on('error', () => {})
        }
        const body = filler(`${id}b`, dice.of(sizes))
        const framing =
          body.length === 0 ? [] : [dice.of(['Transfer-Encoding: chunked', `Content-Length: ${body.length}`])]
        const target = `${body.length === 0 ? 'GET /v1/transactions' : 'POST /v1/upload'}/${id}-${dice.of(sizes)}`
        const head = `${[`${target} HTTP/1.1`, host, program.auth, ...framing].join('\r\n')}\r\n\r\n`
        const [isWhole, answer] = await Promise.all([
          sendInPieces(socket, { head, body }, dice),
          readAnswer(socket),
        ])
        if (!isWhole) continue
        if (answer === undefined) faults.push(`${target}: no answer`)
        else if (!answer.head.includes(' 200 ')) faults.push(`${target}: ${answer.head.slice(0, 30)}`)
        else if (!answer.head.includes(digest(body))) faults.push(`${target}: the body has changed`)
        else if (!answer.body.equals(filler(id, Number(target.split('-').at(-1)))))
          faults.push(`${target}: another answer`)
        else answered++
      }
      socket?.destroy()
    }
    await Promise.all(Array.from({ length: clients }, (_, i) => client(i)))
    t.same([...new Set(faults)].slice(0, 10), [])
    t.ok(answered > clients, `${answered} answers`)
    const metrics = async () => (await fetch(`http://127.0.0.1:${program.controlPort}/metrics`)).text()
    for (let i = 0; i < 100 && !/latchkey_requests_in_flight\{[^}]*\} 0\n/.test(await metrics()); i++)
      await sleep(50)
    t.match(await metrics(), /latchkey_requests_in_flight\{[^}]*\} 0\n/)
    t.match(await metrics(), /latchkey_unread_bytes\{[^}]*"requests"[^}]*\} 0\n/)
  })
}
