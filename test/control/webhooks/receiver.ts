// A real server that is told, and a sender on a database of its own.

import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import { Webhook } from 'standardwebhooks'
import type { Test } from 'tap'
import { createSealing } from '../../../src/credentials/sealing.ts'
import { createDestinationRule } from '../../../src/control/webhooks/send/destination.ts'
import { post } from '../../../src/control/webhooks/send/post.ts'
import { createResolve, type Resolve } from '../../../src/control/webhooks/send/resolve.ts'
import type { Schedule } from '../../../src/control/webhooks/send/schedule.ts'
import { createSender, type Sender } from '../../../src/control/webhooks/send/sender.ts'
import { createIds } from '../../../src/telemetry/request-id.ts'
import { createSubject, type Subject } from '../subject.ts'

export interface Told {
  readonly path: string
  readonly headers: IncomingMessage['headers']
  readonly body: string
}

export interface Receiver {
  readonly port: number
  readonly url: string
  /** In the order of arrival. */
  readonly told: Told[]
  close(): Promise<void>
}

type Answer = (told: Told, response: ServerResponse) => void

export const taken: Answer = (_, response) => void response.end()

/** Listens on loopback; `answer` may hang, redirect, or destroy. */
export async function startReceiver(t: Test, answer: Answer = taken): Promise<Receiver> {
  const told: Told[] = []
  const sockets = new Set<Socket>()
  const server = createServer((request, response) => {
    const pieces: Buffer[] = []
    request.on('data', (piece: Buffer) => pieces.push(piece))
    request.on('end', () => {
      const one = {
        path: request.url ?? '',
        headers: request.headers,
        body: Buffer.concat(pieces).toString(),
      }
      told.push(one)
      answer(one, response)
    })
  })
  server.on('connection', (socket: Socket) => {
    sockets.add(socket)
    socket.once('close', () => sockets.delete(socket))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const close = async () => {
    if (!server.listening) return
    const closed = once(server, 'close')
    server.close()
    for (const socket of sockets) socket.destroy()
    await closed
  }
  t.teardown(close)
  return { port, url: `http://127.0.0.1:${port}/hook`, told, close }
}

/** What was told, where its signature by `secret` is right. Throws where it is not. */
export function verified(
  secret: string,
  { headers, body }: Told,
): { type: string; data: Record<string, unknown> } {
  const names = ['webhook-id', 'webhook-timestamp', 'webhook-signature'] as const
  const own = Object.fromEntries(names.map((name) => [name, String(headers[name])]))
  // Clocks of tests may stand still; what is signed is compared all the same.
  const at = Number(own['webhook-timestamp'])
  const webhook = new Webhook(secret)
  const right = webhook.sign(String(own['webhook-id']), new Date(at * 1000), body)
  if (!String(own['webhook-signature']).split(' ').includes(right)) throw new Error('a wrong signature')
  return JSON.parse(body)
}

export const sealing = createSealing(['a key of thirty-two characters..'])

/** Tries again at once, and gives up nothing. */
export const eager: Schedule = { delaysMs: [5], giveUpMs: 3 * 86_400_000, disableMs: 5 * 86_400_000 }

/** Of the sender that was started last, for what did not come about. */
let lastLog: readonly string[] = []

export interface SenderOptions {
  readonly schedule?: Schedule
  readonly resolve?: Resolve
  readonly allow?: readonly string[]
  readonly timeoutMs?: number
  readonly leaseMs?: number
  readonly holder?: string
  readonly ca?: string
  readonly sealed?: typeof sealing
  readonly now?: () => number
}

export interface Sending extends Sender {
  readonly log: string[]
}

export function startSender(t: Test, subject: Pick<Subject, 'db'>, options: SenderOptions = {}): Sending {
  const rule = createDestinationRule(options.allow ?? ['127.0.0.0/8'])
  const { resolve = createResolve(), timeoutMs = 5_000, ca } = options
  const log: string[] = []
  lastLog = log
  const say = (details: object, message: string) => void log.push(`${message} ${JSON.stringify(details)}`)
  const sender = createSender({
    db: subject.db,
    holder: options.holder ?? 'one',
    log: { info: say, warn: say },
    sealing: () => options.sealed ?? sealing,
    schedule: options.schedule ?? eager,
    post: (message, signal) => post({ resolve, rule, timeoutMs, ca }, message, signal),
    random: () => 0.5,
    now: options.now ?? Date.now,
    newId: createIds(Date.now),
    everyMs: 20,
    ...(options.leaseMs !== undefined && { leaseMs: options.leaseMs }),
  })
  t.teardown(() => sender.stop())
  return { ...sender, log }
}

/** A subject whose clock goes, so that a delay can pass. */
export async function createGoing(t: Test): Promise<Subject> {
  const subject = await createSubject(t, {
    now: () => Date.now(),
    newId: createIds(Date.now),
    webhooks: { sealing: () => sealing, rule: createDestinationRule(['127.0.0.0/8']), kick: () => undefined },
  })
  return subject
}

/** Waits for what a test is about; throws where it does not come. */
export async function until(what: () => boolean | Promise<boolean>, name: string): Promise<void> {
  for (let tries = 0; tries < 6_000; tries++) {
    if (await what()) return
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
  throw new Error(`it did not come about: ${name}\n${lastLog.join('\n')}`)
}

/** A webhook's id and its secret. */
export async function makeWebhook(subject: Subject, body: object): Promise<{ id: string; secret: string }> {
  const answer = await subject.call('POST', '/webhooks', body)
  if (answer.status !== 201) throw new Error(answer.text)
  return { id: String(answer.body['id']), secret: String(answer.body['secret']) }
}
