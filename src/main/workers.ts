// Many processes behind one listener, by node:cluster. The primary serves the control port and keeps the workers: each
// of them is an instance of its own, follows the changes itself, and is replaced when it dies. SIGUSR2 replaces them one
// by one, a new one serving before an old one leaves.

import cluster, { type Worker } from 'node:cluster'
import { availableParallelism } from 'node:os'
import type { Logger } from '../telemetry/log.ts'
import { isFromWorker, type ToWorker } from './worker-messages.ts'

export interface Workers {
  /** Resolves when all of the first ones serve. Rejects when one ends before. */
  start(): Promise<void>
  /** Whether enough of them serve. */
  areServing(): boolean
  /** What each of them counts, as prom-client writes it; those that do not answer in time are left out. */
  metrics(): Promise<object[][]>
  reload(): void
  /** Hands on all that the emergency stop was told: it must not need Redis to reach the next process. */
  deny(words: readonly string[]): void
  /** Replaces all, one by one; false: some were left as they were. Never rejects. */
  roll(): Promise<boolean>
  /** Drains all; resolves when they have ended. */
  stop(): Promise<void>
}

/** A worker that dies sooner than this after its start is replaced only after a wait. */
const healthyAfterMs = 5_000
const replaceAfterMs = 1_000
const metricsWithinMs = 1_000

/** How many `--workers auto` means: one a core. */
export function automaticWorkers(): number {
  return availableParallelism()
}

/** Makes the keeper of `count` workers; `env` is added to theirs. */
export function createWorkers(count: number, log: Logger): Workers {
  const serving = new Set<Worker>()
  let isStopping = false
  let question = 0
  let denyWords: readonly string[] = []

  function fork(): Worker {
    const worker = cluster.fork()
    const startedAt = Date.now()
    worker.on('message', (message: unknown) => {
      if (!isFromWorker(message) || message.type !== 'serving') return
      serving.add(worker)
      worker.send({ type: 'deny', words: denyWords } satisfies ToWorker)
    })
    worker.once('exit', (code, signal) => {
      const wasServing = serving.delete(worker)
      if (isStopping || worker.exitedAfterDisconnect || leaving.has(worker)) return
      log.error({ worker: worker.process.pid, code, signal }, 'A worker died and is replaced')
      const wait = wasServing && Date.now() - startedAt > healthyAfterMs ? 0 : replaceAfterMs
      setTimeout(() => {
        if (!isStopping) fork()
      }, wait)
    })
    return worker
  }

  /** Workers that were asked to go. */
  const leaving = new WeakSet<Worker>()

  async function retire(worker: Worker): Promise<void> {
    leaving.add(worker)
    serving.delete(worker)
    if (worker.isDead()) return
    const ended = new Promise((resolve) => worker.once('exit', resolve))
    worker.process.kill('SIGTERM')
    await ended
  }

  const all = (): Worker[] => Object.values(cluster.workers ?? {}).filter((worker) => worker !== undefined)

  return {
    async start() {
      await Promise.all(Array.from({ length: count }, () => untilServing(fork())))
    },
    areServing: () => serving.size > 0,
    async metrics() {
      const id = ++question
      return Promise.all([...serving].map((worker) => askMetrics(worker, id)))
    },
    reload() {
      for (const worker of all()) worker.send({ type: 'reload' } satisfies ToWorker)
    },
    deny(words) {
      denyWords = words
      for (const worker of serving) worker.send({ type: 'deny', words } satisfies ToWorker)
    },
    async roll() {
      for (const old of all().filter((worker) => !leaving.has(worker))) {
        if (isStopping) return false
        try {
          await untilServing(fork())
        } catch (error) {
          // The old ones go on serving; a new one that dies is replaced as always.
          log.error({ reason: String(error) }, 'Workers are not replaced')
          return false
        }
        await retire(old)
      }
      return true
    },
    async stop() {
      isStopping = true
      await Promise.all(all().map(retire))
    },
  }
}

function untilServing(worker: Worker): Promise<void> {
  return new Promise((resolve, reject) => {
    worker.on('message', (message: unknown) => {
      if (isFromWorker(message) && message.type === 'serving') resolve()
    })
    worker.once('exit', (code) => reject(new Error(`a worker ended with ${code} before it served`)))
  })
}

function askMetrics(worker: Worker, id: number): Promise<object[]> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => finish([]), metricsWithinMs)
    const heard = (message: unknown) => {
      if (isFromWorker(message) && message.type === 'metrics' && message.id === id) finish(message.metrics)
    }
    const finish = (metrics: object[]) => {
      clearTimeout(timer)
      worker.off('message', heard)
      resolve(metrics)
    }
    worker.on('message', heard)
    worker.send({ type: 'metrics', id } satisfies ToWorker)
  })
}
