// A worker's end of the channel to its primary: what it is told before it begins, what it is ordered to do later, and
// the loss of it, which means that the primary has gone.

import cluster from 'node:cluster'
import { setTimeout as sleep } from 'node:timers/promises'
import type { KeptConfig } from './kept-config.ts'
import { StartError } from './start-error.ts'
import { type HandedOn, handedOn } from './ticket-keys.ts'
import { type FromWorker, isToWorker, type ToWorker } from './worker-messages.ts'

/** What comes before the port opens: without Redis only the primary knows what is denied. */
export interface Told {
  /** Who the primary is among the instances. */
  readonly primary: string
  /** The path by which it asks the gateway's port. */
  readonly probe: string
  /** How many workers it keeps. */
  readonly serving: number
  /** What session tickets are sealed with; undefined: there is no TLS. */
  readonly ticketKeys: HandedOn<Buffer> | undefined
  /** Has `take` called with what is denied, now and whenever there is more. */
  readonly denied: (take: (words: readonly string[]) => void) => void
}

export type Order = Extract<ToWorker, { type: 'reload' | 'retire' | 'metrics' | 'live' }>

export interface WorkerChannel {
  /** Says who this instance is, and resolves with what is told it. */
  begin(instance: string): Promise<Told>
  /** The configuration in force; undefined: nobody is there to give it. */
  kept(): Promise<KeptConfig | undefined>
  /** Has `obey` called with each order, those included that came before. */
  follow(obey: (order: Order) => void): void
  /** Resolves when nobody is at the other end any more. */
  readonly lost: Promise<void>
}

/** The primary reads at once; a stuck one must not hold up an end. */
export const lastWordWithinMs = 1_000

/** Begins to listen. */
export function openWorkerChannel(): WorkerChannel {
  const denied = createDenied()
  const orders: Order[] = []
  let obey = (order: Order): void => void orders.push(order)
  let ticketKeys: HandedOn<Buffer> | undefined
  let welcome = { primary: '', probe: '', serving: 1 }
  let isTold = () => {}
  let takeKept = (_config: KeptConfig) => {}
  const told = new Promise<void>((resolve) => (isTold = resolve))
  const lost = new Promise<void>((resolve) => {
    cluster.worker?.once('disconnect', () => {
      // Else node:cluster ends the process behind this, and every request in it.
      if (cluster.worker !== undefined) cluster.worker.exitedAfterDisconnect = true
      resolve()
    })
  })

  function hearKeys(text: string): void {
    const keys = Buffer.from(text, 'base64')
    if (ticketKeys === undefined) ticketKeys = handedOn(keys)
    else ticketKeys.take(keys)
  }

  process.on('message', (message: unknown) => {
    if (!isToWorker(message)) return
    if (message.type === 'welcome') welcome = message
    else if (message.type === 'ticket_keys') hearKeys(message.keys)
    else if (message.type === 'kept') takeKept(message.config)
    else if (message.type === 'deny') {
      denied.hear(message.words)
      isTold()
    } else obey(message)
  })

  return {
    async begin(instance) {
      await say({ type: 'started', instance })
      await Promise.race([told, lost.then(failAlone)])
      const { primary, probe, serving } = welcome
      return { primary, probe, serving, ticketKeys, denied: denied.follow }
    },
    async kept() {
      const given = new Promise<KeptConfig>((resolve) => (takeKept = resolve))
      await say({ type: 'kept' })
      return Promise.race([given, lost.then(() => undefined)])
    },
    follow(take) {
      obey = take
      for (const order of orders.splice(0)) take(order)
    },
    lost,
  }
}

export function failAlone(): never {
  throw new StartError('the primary has ended')
}

/** Resolves when the channel has it, or nobody is there to hear it. */
export function say(message: FromWorker): Promise<void> {
  return new Promise((resolve) => {
    if (!process.connected) resolve()
    // With a callback, what goes wrong is told to it and to nobody else.
    else process.send?.(message, () => resolve())
  })
}

/** The same for what is said last: it holds nobody up for long. */
export async function sayLast(message: FromWorker): Promise<void> {
  await Promise.race([say(message), sleep(lastWordWithinMs, undefined, { ref: false })])
}

interface Denied {
  hear(words: readonly string[]): void
  follow(take: (words: readonly string[]) => void): void
}

/** The newest words, and whoever follows them. */
function createDenied(): Denied {
  let newest: readonly string[] = []
  let tell = (_words: readonly string[]) => {}
  return {
    hear(words) {
      newest = words
      tell(words)
    },
    follow(take) {
      tell = take
      take(newest)
    },
  }
}
