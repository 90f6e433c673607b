// Clients that keep their connections and ask again and again, with a pause between.

import { setTimeout as sleep } from 'node:timers/promises'
import { type Client, createClient } from '../client.ts'
import type { Keyring } from './keyring.ts'

export interface Clients {
  /** Answers so far, and those of them that are a use of a key. */
  readonly answered: number
  readonly uses: number
  /** Connections that ended before an answer. */
  readonly lost: number
  /** Closes all connections; resolves when no request is under way. */
  pause(): Promise<void>
  resume(): void
}

/** Makes them; they begin at the first `resume`. */
export function createClients(port: number, keyring: Keyring, { count = 20, pauseMs = 500 } = {}): Clients {
  const asked = { host: 'api.flintn.com', path: '/v1/transactions/1' }
  let isRunning = false
  let running: Promise<unknown> = Promise.resolve()
  const counts = { answered: 0, uses: 0, lost: 0 }

  async function askOnce(client: Client): Promise<void> {
    const secret = keyring.choose()
    const answer = await client.ask(secret)
    if (answer.status === 0) counts.lost++
    else counts.answered++
    if (keyring.see(secret, answer)) counts.uses++
  }

  async function run(): Promise<void> {
    const client = createClient(port, undefined, asked)
    while (isRunning) {
      await sleep(pauseMs * (0.5 + Math.random()))
      await askOnce(client)
    }
    client.close()
  }

  return {
    get answered() {
      return counts.answered
    },
    get uses() {
      return counts.uses
    },
    get lost() {
      return counts.lost
    },
    async pause() {
      isRunning = false
      await running
    },
    resume() {
      isRunning = true
      running = Promise.all(Array.from({ length: count }, run))
    },
  }
}
