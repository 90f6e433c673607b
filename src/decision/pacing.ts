// Answers that nobody honest waits for leave at a steady pace. Whoever floods the gateway with what it refuses, from one
// address or from thousands, gets its next answer when it is due; a few connections then cannot take the processor
// away from those whose keys are known. Of those who wait the clients take turns: who asks now and then is not behind all
// that another one has sent. In quiet times nothing is held back.

import { clientNetwork } from '../config/request/addresses.ts'

export interface Pacer {
  /** Gives `value` when the turn of `client`, an address, has come: at once while there are few. */
  pace<Value>(value: Value, client: string): Value | Promise<Value>
}

export interface Pace {
  readonly perSecond: number
  /** So many go at once after a quiet time. */
  readonly burst: number
  /** So many are held back at most, which bounds how long too; what is too much goes at once. */
  readonly mostHeld: number
  /** Those who wait go together, so often: what they ask next then comes together too, and shares its queries. */
  readonly tickMs: number
}

/**
 * Of one process: what it refuses takes about a fifth of a core, and nothing is held back for more than a second or so. A
 * key that two stores had to be asked for costs several times as much as one that memory has an answer to, or what nobody
 * had to be asked for; these go a few at a time, so that no turn of the loop is long for others.
 */
export const paces = {
  asked: { perSecond: 500, burst: 300, mostHeld: 500, tickMs: 25 },
  unasked: { perSecond: 3_000, burst: 300, mostHeld: 3_000, tickMs: 3 },
} as const satisfies Record<string, Pace>

/** Begins with nothing held; `monotonicNow` in milliseconds, `holding` is told of each that has to wait. */
export function createPacer(
  { perSecond, burst, mostHeld, tickMs }: Pace,
  monotonicNow: () => number,
  holding: () => void = () => {},
): Pacer {
  /** What a tick was late is not made up for at once. */
  const mostATick = Math.ceil((perSecond * tickMs) / 1_000)
  /** Those who wait, by client: whose turn it is stands first. */
  const lines = new Map<string, (() => void)[]>()
  let waiting = 0
  let allowed = burst
  let countedAt = monotonicNow()
  let timer: NodeJS.Timeout | undefined

  function count(): void {
    const at = monotonicNow()
    allowed = Math.min(burst, allowed + ((at - countedAt) * perSecond) / 1_000)
    countedAt = at
  }

  function release(): void {
    timer = undefined
    count()
    for (let left = mostATick; left > 0 && allowed >= 1 && waiting > 0; left--) next()
    schedule()
  }

  function next(): void {
    for (const [network, line] of lines) {
      const go = line.shift()
      // Behind the others, where it has more.
      lines.delete(network)
      if (line.length > 0) lines.set(network, line)
      waiting--
      allowed--
      go?.()
      return
    }
  }

  function schedule(): void {
    if (waiting > 0) timer ??= setTimeout(release, tickMs)
  }

  function hold(client: string, go: () => void): void {
    const network = clientNetwork(client)
    const line = lines.get(network)
    if (line === undefined) lines.set(network, [go])
    else line.push(go)
    waiting++
    holding()
    schedule()
  }

  return {
    pace(value, client) {
      count()
      if (waiting === 0 && allowed >= 1) {
        allowed--
        return value
      }
      if (waiting >= mostHeld) return value
      return new Promise((resolve) => hold(client, () => resolve(value)))
    },
  }
}
