// Signs off instances whose processes are gone and that could not do it themselves: else every change that is waited for
// would name them until they were silent for the largest stale limit.

import { oneAtATime } from './one-at-a-time.ts'

export interface SignOffs {
  /** This instance's process is certainly gone. */
  add(instance: string): void
  /** Tries once more what has failed so far; then no more. */
  finish(): Promise<void>
}

const againMs = 1_000
/** While the stores are away for very long the oldest are forgotten: by then they no longer count. */
const mostWaiting = 1_000

/** `signOff` resolves with whether it is done; what is not is tried again each second. */
export function createSignOffs(signOff: (instance: string) => Promise<boolean>): SignOffs {
  const waiting = new Set<string>()
  let timer: NodeJS.Timeout | undefined
  let isFinished = false

  const tryAll = oneAtATime(async () => {
    clearTimeout(timer)
    for (const instance of waiting) {
      // What fails for one fails for all.
      if (!(await signOff(instance).catch(() => false))) break
      waiting.delete(instance)
    }
    if (waiting.size > 0 && !isFinished) timer = setTimeout(() => void tryAll(), againMs).unref()
  })

  return {
    add(instance) {
      waiting.add(instance)
      for (const oldest of waiting) {
        if (waiting.size <= mostWaiting) break
        waiting.delete(oldest)
      }
      void tryAll()
    },
    async finish() {
      isFinished = true
      await tryAll()
      clearTimeout(timer)
    },
  }
}
