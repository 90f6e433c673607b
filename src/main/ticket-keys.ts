// What session tickets are sealed with. One set for all processes of a port: a client that comes back is handed to any of them. Node has
// room for one set alone, so that with a new one, sessions of before shake hands in full, once; Node's tickets are good for
// five minutes anyway. It is kept in memory only: what was recorded cannot be opened with it later.

import { randomBytes } from 'node:crypto'
import type { Followed } from '../gateway/listener/tls.ts'

export interface TicketKeys extends Followed<Buffer> {
  stop(): void
}

/** As Node takes it: 16 bytes of a name, 16 for the seal, 16 for the cipher. */
const length = 48
/** In milliseconds. */
const renewEveryMs = 12 * 3_600_000

/** Renewed twice a day until it is stopped. */
export function createTicketKeys(everyMs = renewEveryMs): TicketKeys {
  const keys = handedOn(randomBytes(length))
  const timer = setInterval(() => keys.take(randomBytes(length)), everyMs).unref()
  return { ...keys, stop: () => clearInterval(timer) }
}

export interface HandedOn<Value> extends Followed<Value> {
  take(value: Value): void
}

/** What somebody else renews. */
export function handedOn<Value>(first: Value): HandedOn<Value> {
  let current = first
  const followers: ((value: Value) => void)[] = []
  return {
    current: () => current,
    follow: (take) => void followers.push(take),
    take(value) {
      current = value
      for (const tell of followers) tell(value)
    },
  }
}
