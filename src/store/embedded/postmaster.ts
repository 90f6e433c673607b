// Runs one Postgres server on a data folder, on 127.0.0.1 alone: started, waited for until it answers, stopped.
// A server that a killed program left running on the same folder is stopped first.

import { type ChildProcess, spawn } from 'node:child_process'
import { constants, closeSync, openSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { Client } from 'pg'
import { type Cluster, cleanEnvironment, superuser } from './cluster.ts'
import { readOwn, stopOrphan } from './orphan.ts'
import { sendSignal } from './process.ts'
import { endServer } from './shutdown.ts'

export interface Postmaster {
  url: string
  pid: number
  port: number
  /** Fast shutdown: waits until the server and all that it started are gone. */
  stop(): Promise<void>
  /** Resolves when the server has ended, for whatever reason. Does not keep this process alive; `untilEnded` does. */
  ended: Promise<void>
  untilEnded(): Promise<void>
}

export interface PostmasterOptions {
  cluster: Cluster
  /** none: a free one. */
  port?: number
  /** Server settings, `name: value`, over those of the data folder. */
  settings?: Record<string, string>
}

const startTimeoutMs = 60_000

/** Starts the server and resolves when it answers `select 1`. Throws with the end of its log if it does not come up. */
export async function startPostmaster(options: PostmasterOptions): Promise<Postmaster> {
  await stopOrphan(options.cluster)
  const deadline = Date.now() + startTimeoutMs
  for (;;) {
    const port = options.port ?? (await freePort())
    const child = launch(options, port)
    const ended = new Promise<void>((resolve) =>
      child.once('exit', () => resolve()).once('error', () => resolve()),
    )
    const url = urlOf(options.cluster, port)
    if (await untilItAnswers(child, url, deadline)) return handOut({ child, ended, url, port })
    await endServer(child.pid, ended)
    const log = readLog(options.cluster)
    if (!isPassing(log) || Date.now() > deadline) {
      throw new Error(`Postgres did not start; the end of its log:\n${log.trim()}`)
    }
    await sleep(100)
  }
}

/** A port of 127.0.0.1 that nobody listens on at this moment. */
export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer().on('error', reject)
    server.listen(0, '127.0.0.1', () => {
      const address = server.address()
      server.close(() => {
        if (typeof address === 'object' && address !== null) resolve(address.port)
        else reject(new Error('no free port'))
      })
    })
  })
}

// Detached: Ctrl-C goes to the whole process group of the terminal, and the server must outlive the drain of those who
// use it. In turn nothing but this program ends it, so it is also told when the program leaves without `stop`.
function launch({ cluster, settings }: PostmasterOptions, port: number): ChildProcess {
  const all = { listen_addresses: '127.0.0.1', port: String(port), unix_socket_directories: '', ...settings }
  const args = [
    '-D',
    cluster.data,
    ...Object.entries(all).flatMap(([name, value]) => ['-c', `${name}=${value}`]),
  ]
  const log = openSync(logFile(cluster), constants.O_WRONLY | constants.O_CREAT | constants.O_TRUNC, 0o600)
  try {
    const child = spawn(join(cluster.programs, 'postgres'), args, {
      cwd: cluster.place.home,
      env: cleanEnvironment(),
      detached: true,
      stdio: ['ignore', log, log],
      ...cluster.place.owner,
    })
    child.on('error', () => {})
    child.unref()
    return child
  } finally {
    closeSync(log)
  }
}

interface Running {
  child: ChildProcess
  ended: Promise<void>
  url: string
  port: number
}

function handOut({ child, ended, url, port }: Running): Postmaster {
  const { pid } = child
  if (pid === undefined) throw new Error('Postgres has no process')
  const onExit = (): void => void sendSignal(pid, 'SIGINT')
  process.once('exit', onExit)
  void ended.then(() => process.removeListener('exit', onExit))
  const untilEnded = (): Promise<void> => {
    child.ref()
    return ended
  }
  let stopping: Promise<void> | undefined
  const stop = (): Promise<void> => {
    stopping ??= endServer(pid, untilEnded())
    return stopping
  }
  return { url, pid, port, stop, ended, untilEnded }
}

async function untilItAnswers(child: ChildProcess, url: string, deadline: number): Promise<boolean> {
  while (
    child.pid !== undefined &&
    child.exitCode === null &&
    child.signalCode === null &&
    Date.now() < deadline
  ) {
    if (await answers(url)) return true
    await sleep(20)
  }
  return false
}

async function answers(url: string): Promise<boolean> {
  const client = new Client({ connectionString: url, connectionTimeoutMillis: 2_000 })
  client.on('error', () => {})
  try {
    await client.connect()
    await client.query('select 1')
    return true
  } catch {
    return false
  } finally {
    await client.end().catch(() => {})
  }
}

// Another program took the free port first; or backends of a killed server are about to notice that it is gone.
function isPassing(log: string): boolean {
  return /could not bind|Address already in use|pre-existing shared memory block/.test(log)
}

function urlOf({ password }: Cluster, port: number): string {
  return `postgres://${superuser}:${password}@127.0.0.1:${port}/postgres`
}

function logFile({ place }: Cluster): string {
  return join(place.home, 'postgres.log')
}

function readLog(cluster: Cluster): string {
  return readOwn(logFile(cluster)).slice(-2000)
}
