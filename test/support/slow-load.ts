// Slow connections held by a process of its own, so that neither its descriptors nor its work are the test's.

import { fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'

export interface SlowLoad {
  /** How many connections it holds at this moment. */
  held(): Promise<number>
  stop(): Promise<void>
}

const program = fileURLToPath(new URL('slow-clients.js', import.meta.url))

/** Starts it; resolves when it holds `count` connections to `port`. */
export async function startSlowLoad(port: number, count: number): Promise<SlowLoad> {
  const child = fork(program, [String(port), String(count)])
  const next = async (): Promise<number> => {
    const [message]: unknown[] = await once(child, 'message')
    return Number(Object(message).held)
  }
  await next()
  return {
    held() {
      const told = next()
      child.send('held')
      return told
    },
    async stop() {
      if (child.exitCode !== null || child.signalCode !== null) return
      const ended = once(child, 'exit')
      child.kill('SIGKILL')
      await ended
    },
  }
}
