// Runs the sample upstream as the separate program that it is. Its output is held back until the demo is ready.

import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { connect } from 'node:net'
import { fileURLToPath } from 'node:url'
import type { Settings, Upstream } from '../../config/compiled.ts'
import { StartError } from '../start-error.ts'

const program = fileURLToPath(new URL('../../sample/upstream.js', import.meta.url))

export interface SampleUpstream {
  /** From now on its output is shown. */
  show(): void
  stop(): Promise<void>
}

/** Starts it for the upstreams whose address is on this machine; resolves when they answer. */
export async function startSampleUpstream(
  upstreams: Settings['upstreams'],
  tell: (line: string) => void,
): Promise<SampleUpstream> {
  const children: ChildProcess[] = []
  let isShown = false
  const stop = async () => {
    await Promise.all(children.map(end))
  }
  const startFor = async ({ name, origin }: Upstream) => {
    const { hostname, port } = new URL(origin)
    if (hostname !== '127.0.0.1' && hostname !== 'localhost') return
    const child = startOne(name, port, (text) => {
      if (isShown) tell(text)
    })
    children.push(child)
    await untilOpen(child, Number(port))
  }
  try {
    await Promise.all([...upstreams.values()].map(startFor))
  } catch (error) {
    await stop()
    throw error
  }
  return {
    show() {
      isShown = true
    },
    stop,
  }
}

function startOne(role: string, port: string, print: (text: string) => void): ChildProcess {
  // The open pipe to its standard input tells it that we live: it ends when we do, however we end. A group of its own
  // keeps Ctrl-C from ending it before the gateway has drained.
  const child = spawn(process.execPath, [program, '--role', role, '--port', port, '--until-stdin-ends'], {
    stdio: ['pipe', 'pipe', 'pipe'],
    detached: true,
  })
  for (const stream of [child.stdout, child.stderr]) {
    stream?.setEncoding('utf8').on('data', (text: string) => print(text.trimEnd()))
  }
  return child
}

async function untilOpen(child: ChildProcess, port: number): Promise<void> {
  for (let attempt = 0; attempt < 100; attempt++) {
    if (child.exitCode !== null) {
      throw new StartError(
        `The sample upstream cannot listen on port ${port}: free it, or name another in the environment.`,
      )
    }
    if (await answers(port)) {
      // Somebody else's program on this port would answer too; then ours has ended by now.
      await new Promise((resolve) => setTimeout(resolve, 50))
      if (child.exitCode === null) return
    }
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
  throw new StartError(`The sample upstream does not answer on port ${port}.`)
}

function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1')
    socket.once('connect', () => {
      socket.destroy()
      resolve(true)
    })
    socket.once('error', () => resolve(false))
  })
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const ended = once(child, 'exit')
  child.kill('SIGTERM')
  await ended
}
