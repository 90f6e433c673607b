// The program with two workers on private stores, with a log in a file, and what is done to all of them.

import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, readFileSync } from 'node:fs'
import { mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Test } from 'tap'
import { childrenOf, freePort, lives, until } from '../../main/fleet.ts'
import { type AdminClient, adminClient } from '../../support/admin.ts'
import { mainProgram } from '../../support/process.ts'
import { adminToken, cacheKey, prepareTestProgram } from '../../support/program.ts'
import { kindsAnswer } from '../../support/request-kinds.ts'
import type { RecordingUpstream } from '../../support/upstream.ts'
import { startStores, type Stores } from '../cluster.ts'
import { createLogFiles, type LogFiles } from './log-files.ts'

export interface Soaked {
  readonly port: number
  readonly pid: number
  readonly admin: AdminClient
  readonly databaseUrl: string
  readonly upstream: RecordingUpstream
  readonly log: LogFiles
  /** Where its processes tell of their heaps. */
  readonly heapFolder: string
  /** The workers' ids, the oldest first. */
  workers(): number[]
  scrape(): Promise<string>
  /** Another name for the parameter of a route, and the configuration read anew. */
  rename(): Promise<void>
  /** The log's file moved away. */
  rotate(): Promise<void>
  /** Each resolves when all is well again. */
  readonly faults: Readonly<Record<Fault, () => Promise<void>>>
  stop(): Promise<number | null>
}

export type Fault = 'workers replaced' | 'Redis killed' | 'Postgres restarted' | 'a worker killed'

const awayMs = 3_000
// All of it shares one machine: what is refused because that is slow would be taken for a fault.
const limits =
  ', limits: { header_timeout: 5s, idle_timeout: 5s, event_loop_delay: 30s, failed_lookups: 10000000 }'

/** Starts all; gone with the test. */
export async function startSoaked(t: Test): Promise<Soaked> {
  const stores = await startStores(t)
  const [port, folder] = [await freePort(), await mkdtemp(join(tmpdir(), 'latchkey-soak-'))]
  t.teardown(() => rm(folder, { recursive: true, force: true }))
  const { file, live, sandbox } = await prepareTestProgram(t, {
    ...{ port, gateway: limits, answer: kindsAnswer },
    ...{ databaseUrl: stores.postgres.url, redis: stores.redis.url },
  })
  // One upstream of the kinds is down.
  await sandbox.close()
  const logFile = join(folder, 'log', 'gateway.log')
  const { child, controlPort, log } = await start(t, { file, folder, logFile })
  const pid = child.pid ?? 0
  const base = `http://127.0.0.1:${controlPort}`
  const workers = () => childrenOf(pid).toSorted((one, other) => startOf(one) - startOf(other))
  const isOk = async () => {
    const answer = await fetch(`${base}/readyz`).then(
      (response) => response.json(),
      () => ({}),
    )
    return Object(answer).status === 'ok' && workers().length === 2
  }
  let [renames, rotations] = [0, 0]
  return {
    ...{ port, pid, log, workers, heapFolder: folder, databaseUrl: stores.postgres.url, upstream: live },
    admin: adminClient(base, adminToken),
    scrape: async () => (await fetch(`${base}/metrics`)).text(),
    async rename() {
      const table = join(dirname(file), 'flintn.yaml')
      const text = await readFile(table, 'utf8')
      // Two names in turn: what is in the table in force, or was in the one before, goes on counting.
      const name = ++renames % 2 === 0 ? 'id' : 'name'
      await writeFile(table, text.replaceAll(/\/v1\/transactions\/\{\w+\}/g, `/v1/transactions/{${name}}`))
      child.kill('SIGHUP')
    },
    async rotate() {
      await rename(logFile, `${logFile}.${++rotations}`)
      child.kill('SIGHUP')
    },
    faults: faultsOf({ stores, log, workers, isOk, replace: () => void child.kill('SIGUSR2') }),
    async stop() {
      const ended = once(child, 'exit')
      child.kill('SIGTERM')
      const [code]: unknown[] = await ended
      return typeof code === 'number' ? code : null
    },
  }
}

interface Files {
  /** The gateway file. */
  readonly file: string
  readonly folder: string
  readonly logFile: string
}

async function start(t: Test, { file, folder, logFile }: Files) {
  mkdirSync(dirname(logFile))
  const preload = new URL('live-heap.js', import.meta.url).href
  const child: ChildProcess = spawn(
    process.execPath,
    [mainProgram, 'start', '--config', file, '--workers', '2'],
    {
      stdio: ['ignore', 'ignore', 'inherit'],
      env: {
        PATH: process.env['PATH'] ?? '',
        LATCHKEY_ADMIN_TOKEN: adminToken,
        LATCHKEY_CACHE_KEY: cacheKey,
        LATCHKEY_LOG_FILE: logFile,
        LATCHKEY_TEST_HEAP: folder,
        NODE_OPTIONS: `--import ${preload}`,
      },
    },
  )
  t.teardown(() => {
    for (const pid of [child.pid ?? 0, ...childrenOf(child.pid)]) if (lives(pid)) process.kill(pid, 'SIGKILL')
  })
  const log = createLogFiles(dirname(logFile))
  const serving = () => log.others.find((line) => line.includes('"msg":"serving"'))
  const serves = await until(() => {
    log.read()
    return serving() !== undefined
  })
  if (!serves) throw new Error(`it does not serve: ${log.others.join('\n')}`)
  const { controlPort } = JSON.parse(serving() ?? '{}')
  return { child, controlPort: Number(controlPort), log }
}

interface Means {
  readonly stores: Stores
  readonly log: LogFiles
  readonly workers: () => number[]
  readonly isOk: () => Promise<boolean>
  readonly replace: () => void
}

function faultsOf({ stores, log, workers, isOk, replace }: Means): Soaked['faults'] {
  const well = async (what: string) => {
    if (!(await until(isOk))) throw new Error(`not well after: ${what}`)
  }
  const away = async (
    store: { kill(signal: NodeJS.Signals): Promise<void>; restart(): Promise<void> },
    signal: NodeJS.Signals,
  ) => {
    await store.kill(signal)
    await sleep(awayMs)
    await store.restart()
  }
  return {
    async 'workers replaced'() {
      const before = workers()
      replace()
      await until(() => workers().length === 2 && !workers().some((pid) => before.includes(pid)))
      await well('workers replaced')
    },
    async 'Redis killed'() {
      await away(stores.redis, 'SIGKILL')
      await well('Redis killed')
    },
    async 'Postgres restarted'() {
      await away(stores.postgres, 'SIGINT')
      await well('Postgres restarted')
    },
    async 'a worker killed'() {
      const youngest = workers().at(-1) ?? 0
      process.kill(youngest, 'SIGKILL')
      await until(() => workers().length === 2 && !workers().includes(youngest))
      await well('a worker killed')
      log.read()
    },
  }
}

/** In ticks since the machine's start. */
function startOf(pid: number): number {
  try {
    return Number(readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ')[19])
  } catch {
    return Number.POSITIVE_INFINITY
  }
}
