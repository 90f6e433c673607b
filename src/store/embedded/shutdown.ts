// How a Postgres server is made to end, and how one waits until nothing of it is left.

import { setTimeout as sleep } from 'node:timers/promises'
import { childrenOf, inspectProcess, sendSignal } from './process.ts'

const fastShutdownMs = 5_000
const immediateShutdownMs = 3_000

/**
 * Ends the server `pid`: SIGINT (fast), SIGQUIT (immediate), SIGKILL, each if the one before did not help in time.
 * `ended` resolves when that process is gone. Resolves when its children are gone too.
 */
export async function endServer(pid: number | undefined, ended: Promise<void>): Promise<void> {
  if (pid === undefined) return
  const children = childrenOf(pid)
  const steps = [
    ['SIGINT', fastShutdownMs],
    ['SIGQUIT', immediateShutdownMs],
    ['SIGKILL', immediateShutdownMs],
  ] as const
  for (const [signal, patienceMs] of steps) {
    sendSignal(pid, signal)
    if (await settles(ended, patienceMs)) break
  }
  // After a SIGKILL the children find out by themselves that their parent is gone; a moment later the port is free.
  await untilGone(children, immediateShutdownMs)
}

async function untilGone(pids: number[], patienceMs: number): Promise<void> {
  const deadline = Date.now() + patienceMs
  while (Date.now() < deadline && pids.some((pid) => inspectProcess(pid) !== undefined)) await sleep(10)
}

async function settles(promise: Promise<void>, withinMs: number): Promise<boolean> {
  const timer = new AbortController()
  const late = sleep(withinMs, false, { signal: timer.signal }).catch(() => false)
  const result = await Promise.race([promise.then(() => true), late])
  timer.abort()
  return result
}
