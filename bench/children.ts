// The programs that a run starts: each is known by its pid, and none outlives the run.

import { type ChildProcess, type SpawnOptions, spawn } from 'node:child_process'
import { setTimeout as sleep } from 'node:timers/promises'

export interface Child {
  readonly pid: number
  kill(): void
  /** Throws, with the end of what it has written to stderr, if it has ended. */
  assertRuns(): void
  /** What it writes to stdout, once it has ended well; rejects if it ends otherwise. */
  result(): Promise<string>
  /** Ends it: SIGTERM, and SIGKILL where that does not help. */
  stop(): Promise<void>
}

export interface Command {
  /** For messages. */
  readonly name: string
  readonly file: string
  readonly args: readonly string[]
  /** Cores in the notation of taskset; null: any. */
  readonly cores: string | null
  readonly env?: NodeJS.ProcessEnv
  /** A file descriptor for stdout; left out: it is collected. */
  readonly stdout?: number
}

export interface Children {
  start(command: Command): Child
  /** Ends all, in the reverse order of their start; from then on none can be started. */
  stopAll(): Promise<void>
}

const patienceMs = 8_000

/** An empty set. */
export function createChildren(): Children {
  const running: Set<Child> = new Set()
  let isStopping = false
  // However this process leaves: what is still there then is not waited for.
  process.once('exit', () => {
    for (const child of running) child.kill()
  })

  return {
    start(command) {
      if (isStopping) throw new Error('the run is being stopped')
      const child = launch(command, () => running.delete(child))
      running.add(child)
      return child
    },
    async stopAll() {
      isStopping = true
      for (const child of [...running].toReversed()) await child.stop()
    },
  }
}

function launch(command: Command, onEnd: () => void): Child {
  const child = spawnPinned(command)
  const out = collect(child.stdout)
  const errors = collect(child.stderr)
  const kill = () => void child.kill('SIGKILL')
  let failure: string | undefined
  const ended = new Promise<void>((resolve) => {
    child.once('error', (error) => (failure = error.message))
    child.once('close', () => {
      onEnd()
      resolve()
    })
  })
  const fail = () => {
    const how = failure ?? child.signalCode ?? `code ${child.exitCode}`
    return new Error(`${command.name} ended (${how}): ${errors().trim().slice(-1_000)}`)
  }
  const hasEnded = () => failure !== undefined || child.exitCode !== null || child.signalCode !== null
  return {
    pid: child.pid ?? 0,
    kill,
    assertRuns() {
      if (hasEnded()) throw fail()
    },
    async result() {
      await ended
      if (child.exitCode !== 0) throw fail()
      return out()
    },
    async stop() {
      if (!hasEnded()) child.kill('SIGTERM')
      const timer = setTimeout(kill, patienceMs)
      await ended
      clearTimeout(timer)
    },
  }
}

/** taskset becomes the program that it starts, so the pid is the program's own. */
function spawnPinned({ file, args, cores, env, stdout }: Command): ChildProcess {
  const options: SpawnOptions = {
    stdio: ['ignore', stdout ?? 'pipe', 'pipe'],
    env: { ...process.env, ...env },
  }
  return cores === null ? spawn(file, args, options) : spawn('taskset', ['-c', cores, file, ...args], options)
}

function collect(stream: ChildProcess['stdout']): () => string {
  let text = ''
  stream?.setEncoding('utf8').on('data', (part: string) => (text = (text + part).slice(-1_000_000)))
  return () => text
}

/** Waits until `isThere` says so, as long as the child lives; throws after half a minute. */
export async function until(child: Child, what: string, isThere: () => Promise<boolean>): Promise<void> {
  for (let i = 0; i < 600; i++) {
    child.assertRuns()
    if (await isThere()) return
    await sleep(50)
  }
  throw new Error(`${what}: not within 30 s`)
}
