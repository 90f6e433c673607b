// Programs of the tests' own as processes of their own: what is measured must not share a processor's turn with what
// measures it.

import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'

export interface Teardown {
  teardown(fn: () => Promise<void> | void): unknown
}

/** Starts `name`.js of this folder with a channel for messages; it ends with the test. */
export function startChild(t: Teardown, name: string, args: readonly string[] = []): ChildProcess {
  const path = fileURLToPath(new URL(`./${name}.js`, import.meta.url))
  const child = fork(path, args, { execArgv: [], env: { PATH: process.env['PATH'] ?? '' } })
  t.teardown(async () => {
    if (child.exitCode !== null || child.signalCode !== null) return
    const ended = once(child, 'exit')
    child.kill('SIGKILL')
    await ended
  })
  return child
}

/** An upstream that answers each GET with 200, after milliseconds between `delayMs` if said, and keeps nothing; returns its port. */
export async function startLeanUpstream(
  t: Teardown,
  delayMs: readonly [least: number, most: number] = [0, 0],
): Promise<number> {
  const [port]: unknown[] = await once(startChild(t, 'upstream-program', delayMs.map(String)), 'message')
  if (typeof port !== 'number') throw new Error('the upstream said no port')
  return port
}
