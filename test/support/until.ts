// Waits for what has to come about, however slow the machine is.

import { setTimeout as sleep } from 'node:timers/promises'

const withinMs = 60_000
const pauseMs = 20

/** Waits for it; throws with what it is where that takes a minute. */
export async function until(isSo: () => boolean | Promise<boolean>, what: string): Promise<void> {
  const endsAt = performance.now() + withinMs
  while (!(await isSo())) {
    if (performance.now() > endsAt) throw new Error(`not within a minute: ${what}`)
    await sleep(pauseMs)
  }
}
