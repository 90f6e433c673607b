// More connections than a process may have descriptors for, of whatever kind, and what becomes of requests meanwhile.

import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { connect as connectTls } from 'node:tls'
import { adminClient } from '../support/admin.ts'
import { startProcess } from '../support/process.ts'
import { adminToken, cacheKey, prepareTestProgram } from '../support/program.ts'
import { codeOf, fieldOf, parseResponse, type RawResponse, request } from '../support/wire.ts'

/** For `ulimit`. */
export const limits = '-n 256'
export const tooMany = 600

/** How a client comes to where it can say its request. */
export interface Front {
  /** Of `gateway` in the file. */
  readonly gateway: string
  readonly isTls: boolean
  /** What it says first. */
  readonly begins: string
}

const plain: Front = { gateway: '', isTls: false, begins: '' }

export interface Subject {
  readonly port: number
  readonly controlPort: number
  readonly secret: string
  readonly front?: Front
}

/** Opens connections that say nothing, some at a time, as a primary hands them on one by one. */
export async function openMany(port: number, wanted: number): Promise<Socket[]> {
  const sockets: Socket[] = []
  while (sockets.length < wanted) {
    const some = Array.from({ length: 30 }, () => connect(port, '127.0.0.1').on('error', () => {}))
    sockets.push(...some)
    await Promise.all(
      some.map((socket) => new Promise((resolve) => socket.once('connect', resolve).once('close', resolve))),
    )
    await sleep(50)
  }
  return sockets
}

/** Outcomes, each with how often it came. */
export async function count(outcomes: Iterable<Promise<string>>): Promise<Record<string, number>> {
  const counts: Record<string, number> = {}
  for (const outcome of await Promise.all(outcomes)) counts[outcome] = (counts[outcome] ?? 0) + 1
  return counts
}

/** What becomes of one request on a connection of its own. */
export async function askOne(
  { port, secret, front = plain }: Subject,
  path = '/v1/transactions/1',
): Promise<string> {
  const bytes = request(`GET ${path}`, ['Host: api.flintn.com', `X-Api-Key: ${secret}`, 'Connection: close'])
  try {
    const answer = await read(await open(port, front), bytes)
    if (answer.status === 200) return '200'
    if (answer.status === 0) return 'nothing'
    const isShort = fieldOf(answer, 'connection') === 'close' && fieldOf(answer, 'x-request-id') !== undefined
    return `${answer.status} ${codeOf(answer)} ${isShort ? 'and closed' : 'and kept'}`
  } catch (error) {
    return error instanceof Error ? error.message : String(error)
  }
}

async function open(port: number, { isTls, begins }: Front): Promise<Socket> {
  const socket = connect(port, '127.0.0.1')
  socket.on('error', () => {})
  await once(socket, 'connect')
  if (begins !== '') socket.write(begins)
  if (!isTls) return socket
  const secure = connectTls({ socket, rejectUnauthorized: false })
  secure.on('error', () => {})
  await once(secure, 'secureConnect')
  return secure
}

/** Reads until the other side closes, for a while at most. */
function read(socket: Socket, bytes: string): Promise<RawResponse> {
  return new Promise((resolve) => {
    let received = ''
    const timer = setTimeout(() => socket.destroy(), 20_000)
    socket.on('data', (chunk: Buffer) => (received += chunk.toString('latin1')))
    socket.on('end', () => socket.destroy())
    socket.on('close', () => {
      clearTimeout(timer)
      resolve(parseResponse(received))
    })
    socket.write(bytes, 'latin1')
  })
}

interface AloneOptions {
  readonly upstream?: string
  readonly front?: Front
}

/** One process, with few descriptors. */
export async function startAlone(
  t: Parameters<typeof prepareTestProgram>[0],
  { upstream = '', front = plain }: AloneOptions = {},
) {
  const answer = ({ target }: { target: string }, socket: Socket) => {
    const ok = 'HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n'
    if (!target.endsWith('/slow')) return ok
    setTimeout(() => socket.write(ok), 1_000)
    return undefined
  }
  const { file } = await prepareTestProgram(t, { answer, upstream, gateway: front.gateway })
  const env = { LATCHKEY_ADMIN_TOKEN: adminToken, LATCHKEY_CACHE_KEY: cacheKey }
  const running = await startProcess(['--config', file], env, 'ready', limits)
  t.teardown(async () => void (await running.stop()))
  const admin = adminClient(`http://127.0.0.1:${running.controlPort}`, adminToken)
  const key = await admin.makeKey(await admin.makeMerchant())
  const { gatewayPort: port, controlPort } = running
  return { port, controlPort, secret: key.secret, running, front }
}
