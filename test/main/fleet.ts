// A primary with its workers as real processes, and what tests do to them.

import { readdirSync, readFileSync } from 'node:fs'
import { Agent, request as httpRequest } from 'node:http'
import { createServer } from 'node:net'
import { dirname, join } from 'node:path'
import { type AdminClient, adminClient } from '../support/admin.ts'
import { type RunningProcess, startProcess } from '../support/process.ts'
import { adminToken, cacheKey, prepareTestProgram, type TestProgramOptions } from '../support/program.ts'
import { exchange, request } from '../support/wire.ts'

export interface Fleet {
  readonly running: RunningProcess
  readonly port: number
  readonly admin: AdminClient
  /** Of a key that may read transactions. */
  readonly secret: string
  readonly keyId: string
  readonly databaseUrl: string
  /** The gateway file. */
  readonly file: string
  /** Ids of the workers' processes that were not reaped yet. */
  workers(): number[]
  /** The status of one request on a connection of its own; 0: nobody took it. */
  ask(): Promise<number>
  /** The file of its permission table. */
  readonly table: string
  /** What /metrics says. */
  scrape(): Promise<string>
  /** The sum over all labels of a counter at /metrics. */
  counted(name: string): Promise<number>
}

interface Teardown {
  teardown(fn: () => Promise<void>): unknown
}

export interface FleetOptions extends TestProgramOptions {
  /** For `ulimit`. */
  readonly limits?: string
  readonly env?: Readonly<Record<string, string>>
}

/** Starts two workers; ended by force with the test. */
export async function startFleet(t: Teardown, options: FleetOptions = {}): Promise<Fleet> {
  const port = await freePort()
  const { file, databaseUrl } = await prepareTestProgram(t, { ...options, port })
  const env = { LATCHKEY_ADMIN_TOKEN: adminToken, LATCHKEY_CACHE_KEY: cacheKey, ...options.env }
  const words = ['--config', file, '--workers', '2']
  const running = await startProcess(words, env, 'serving', options.limits)
  const workers = () => childrenOf(running.child.pid)
  const first = workers()
  t.teardown(async () => {
    const left = new Set([...first, ...workers()])
    running.child.kill('SIGKILL')
    for (const pid of left) end(pid)
  })
  const admin = adminClient(`http://127.0.0.1:${running.controlPort}`, adminToken)
  const key = await admin.makeKey(await admin.makeMerchant())
  const bytes = request('GET /v1/transactions/1', ['Host: api.flintn.com', `X-Api-Key: ${key.secret}`])
  const scrape = async () => (await fetch(`http://127.0.0.1:${running.controlPort}/metrics`)).text()
  return {
    table: join(dirname(file), 'flintn.yaml'),
    scrape,
    running,
    port,
    admin,
    secret: key.secret,
    keyId: key.id,
    databaseUrl,
    file,
    workers,
    ask: () =>
      exchange(port, bytes, 30_000).then(
        ({ status }) => status,
        () => 0,
      ),
    async counted(name) {
      const lines = (await scrape())
        .split('\n')
        .filter((line) => line.startsWith(`${name}{`) || line.startsWith(`${name} `))
      return lines.reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(' '))), 0)
    },
  }
}

/** Ends a process by force, if it lives. */
function end(pid: number): void {
  if (lives(pid)) process.kill(pid, 'SIGKILL')
}

/** Whether there is such a process; one that nobody has reaped yet counts. */
export function lives(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch {
    return false
  }
}

export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await new Promise((resolve) => server.once('listening', resolve))
  const { port } = Object(server.address())
  await new Promise((resolve) => server.close(resolve))
  return Number(port)
}

/** Ids of the processes that `pid` has started. */
export function childrenOf(pid: number | undefined): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .filter((name) => {
      try {
        return readFileSync(`/proc/${name}/stat`, 'utf8').split(') ')[1]?.split(' ')[1] === String(pid)
      } catch {
        return false
      }
    })
    .map(Number)
}

export async function until(what: () => Promise<boolean> | boolean): Promise<boolean> {
  for (let i = 0; i < 1_200; i++) {
    if (await what()) return true
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
  return false
}

/** Keep-alive clients that ask until told to stop; gives the statuses seen, errors by their code. */
export function load(port: number, secret: string): { stop(): Promise<Record<string, number>> } {
  const seen: Record<string, number> = {}
  let isRunning = true
  const client = async () => {
    const agent = new Agent({ keepAlive: true, maxSockets: 1 })
    while (isRunning) {
      const outcome = await new Promise<string>((resolve) => {
        const headers = { host: 'api.flintn.com', 'x-api-key': secret }
        httpRequest({ port, path: '/v1/transactions/1', agent, headers }, (response) => {
          response.resume().once('end', () => resolve(String(response.statusCode)))
        })
          .once('error', (error) => resolve('code' in error ? String(error.code) : error.message))
          .end()
      })
      seen[outcome] = (seen[outcome] ?? 0) + 1
    }
    agent.destroy()
  }
  const clients = [client(), client(), client(), client()]
  return {
    async stop() {
      isRunning = false
      await Promise.all(clients)
      return seen
    },
  }
}
