// Wrong admin tokens in a row, by address: a few are slips and answered at once; from then on each is held back, so that
// guessing is slow and loud. A right token is never looked at here: it passes at once, whoever guesses beside it.

import { setTimeout } from 'node:timers/promises'

export interface WrongTokens {
  /** Counts one; resolves when it may be answered, with whether its connection should end with that. */
  add(address: string): Promise<boolean>
}

interface WrongTokenDeps {
  /** Milliseconds. */
  readonly monotonicNow: () => number
  /** Told once a minute and address of one that goes on. */
  readonly persistent: (address: string, count: number) => void
  readonly wait?: (milliseconds: number) => Promise<unknown>
}

const windowMs = 60_000
/** Answered at once in a minute. */
const slips = 10
const holdMs = 200
/** Held back at once, of all addresses; those beyond are answered: holding must not cost memory without end. */
const mostHeld = 200
const mostAddresses = 10_000

export function createWrongTokens({ monotonicNow, persistent, wait = hold }: WrongTokenDeps): WrongTokens {
  const windows = new Map<string, { startedAt: number; count: number }>()
  let held = 0

  function count(address: string): number {
    const at = monotonicNow()
    let window = windows.get(address)
    if (window === undefined || at - window.startedAt >= windowMs) {
      window = { startedAt: at, count: 0 }
      // Behind the others: the oldest is the first to be forgotten.
      windows.delete(address)
      windows.set(address, window)
      const [oldest] = windows.keys()
      if (windows.size > mostAddresses && oldest !== undefined) windows.delete(oldest)
    }
    window.count += 1
    return window.count
  }

  return {
    async add(address) {
      const number = count(address)
      if (number <= slips) return false
      if (number === slips + 1) persistent(address, number)
      if (held >= mostHeld) return true
      held += 1
      await wait(holdMs).finally(() => (held -= 1))
      return true
    },
  }
}

/** Keeps no process alive. */
function hold(milliseconds: number): Promise<unknown> {
  return setTimeout(milliseconds, undefined, { ref: false })
}
