// Requests of every kind, round after round.

import { setTimeout as sleep } from 'node:timers/promises'
import { type KindKeys, kinds, type Pace, warmKeys } from '../../support/request-kinds.ts'

export interface KindsLoad {
  /** Lines that what was sent has to leave, and uses. */
  readonly lines: number
  readonly uses: number
  /** Begins a round each `everyMs` for `forMs`, one at least; resolves when all are over. */
  run(forMs: number): Promise<void>
}

const everyMs = 3_000
/** All share one machine that is busy at times: what is reset before it was read is no request. Less than the gateway waits. */
const pace: Pace = { quietMs: 1_500, leaveMs: 3_500 }

/** Makes it. */
export function createKindsLoad(port: number, keys: KindKeys): KindsLoad {
  const sent = { lines: 0, uses: 0 }

  async function round(): Promise<void> {
    const warmed = await warmKeys(port, keys)
    await Promise.all(kinds.map((kind) => kind.send(port, keys, pace)))
    sent.lines += warmed
    sent.uses += warmed
    for (const { lines, uses } of kinds) {
      sent.lines += lines.length
      sent.uses += uses
    }
  }

  return {
    get lines() {
      return sent.lines
    },
    get uses() {
      return sent.uses
    },
    async run(forMs) {
      const rounds: Promise<void>[] = []
      for (let at = 0; at === 0 || at < forMs; at += everyMs) {
        rounds.push(round())
        if (at + everyMs < forMs) await sleep(everyMs)
      }
      await Promise.all(rounds)
    },
  }
}
