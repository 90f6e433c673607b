// A private Redis for tests: in memory alone, on 127.0.0.1.

import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { rmSync } from 'node:fs'
import { connect } from 'node:net'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { freePort } from '../../src/store/embedded/postmaster.ts'
import { sendSignal } from '../../src/store/embedded/process.ts'
import { findRedis, type RedisProgram } from './redis-programs.ts'
import { makeServiceFolder, passingSignals, type Service } from './service.ts'

/** Where a private Redis writes its pid, in its folder. */
export const pidFileName = 'redis.pid'

interface Running {
  pid: number
  untilEnded(): Promise<void>
}

/** Lines of its configuration. */
export type RedisSettings = Readonly<Record<string, string | number>>

/** Starts a Redis of its own, empty; after a restart it is empty again. Ends with this process at the latest. */
export async function startRedis(settings: RedisSettings = {}): Promise<Service> {
  const program = await findRedis()
  const folder = makeServiceFolder('redis')
  const port = await freePort()
  const start = (): Promise<Running> => launch(program, folder, { ...settings, port })
  let running = await start()
  return {
    url: `redis://127.0.0.1:${port}`,
    port,
    get pid() {
      return running.pid
    },
    async kill(signal) {
      sendSignal(running.pid, signal)
      if (!passingSignals.includes(signal)) await running.untilEnded()
    },
    async restart() {
      running = await start()
    },
    async stop() {
      // Nothing is to be saved, and a frozen one would not hear anything milder.
      sendSignal(running.pid, 'SIGKILL')
      await running.untilEnded()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

async function launch(
  { file, env }: RedisProgram,
  folder: string,
  settings: RedisSettings & { readonly port: number },
): Promise<Running> {
  const { port } = settings
  const options = {
    bind: '127.0.0.1',
    dir: folder,
    save: '',
    appendonly: 'no',
    daemonize: 'no',
    loglevel: 'warning',
    // Its command line goes on naming the folder: strays.ts knows it by that.
    'set-proc-title': 'no',
    pidfile: join(folder, pidFileName),
    ...settings,
  }
  const args = Object.entries(options).flatMap(([name, value]) => [`--${name}`, String(value)])
  const child = spawn(file, args, {
    env: { ...process.env, ...env },
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let output = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (chunk: Buffer) => (output = (output + chunk.toString()).slice(-2000)))
    // The server must not keep a test's process from ending.
    if ('unref' in stream && typeof stream.unref === 'function') stream.unref()
  }
  const { pid } = child
  const ended = new Promise<void>((resolve) =>
    child.once('exit', () => resolve()).once('error', () => resolve()),
  )
  if (pid === undefined) {
    const [error]: unknown[] = await once(child, 'error')
    throw error
  }
  endWithUs(pid, ended)
  child.unref()
  for (let i = 0; i < 500; i++) {
    if (child.exitCode !== null)
      throw new Error(`Redis on port ${port} ended with ${child.exitCode}: ${output}`)
    if (await answersPing(port)) return { pid, untilEnded: () => hold(child, ended) }
    await sleep(20)
  }
  throw new Error(`Redis on port ${port} does not answer: ${output}`)
}

// A server that nobody waits for does not keep a test's process alive; waiting for its end does.
function hold(child: ChildProcess, ended: Promise<void>): Promise<void> {
  child.ref()
  return ended
}

function endWithUs(pid: number, ended: Promise<void>): void {
  const onExit = (): void => void sendSignal(pid, 'SIGKILL')
  process.once('exit', onExit)
  void ended.then(() => process.removeListener('exit', onExit))
}

function answersPing(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => socket.write('PING\r\n'))
    const settle = (isUp: boolean): void => {
      socket.destroy()
      resolve(isUp)
    }
    socket.setTimeout(1_000, () => settle(false))
    socket.once('error', () => settle(false))
    socket.once('data', (chunk) => settle(/^(?:\+PONG|-NOAUTH)/.test(chunk.toString())))
  })
}
