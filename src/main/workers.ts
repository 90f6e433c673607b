// Many processes behind one listener, by node:cluster. The primary serves the control port and keeps the workers: each
// of them is an instance of its own, follows the changes itself, and is replaced when it dies. SIGUSR2 replaces them one
// by one, a new one serving before an old one leaves. One rule keeps their number: after each end, one is forked if
// fewer live than should.

import { availableParallelism } from 'node:os'
import type { Followed } from '../gateway/listener/tls.ts'
import type { Logger } from '../telemetry/log.ts'
import type { LiveDecision, LiveScope } from '../telemetry/live.ts'
import type { TableLabels } from '../telemetry/tables-told.ts'
import type { KeptConfig } from './kept-config.ts'
import { oneAtATime } from './one-at-a-time.ts'
import { createReplacementPause } from './replacement-pause.ts'
import { StartError } from './start-error.ts'
import { leastOf, type UpstreamFigures } from './upstream-figures.ts'
import { createWorkerCounts } from './worker-counts.ts'
import type { FromWorker, ToWorker } from './worker-messages.ts'
import { forkWorker, type WorkerEnd, type WorkerProcess } from './worker-process.ts'

export interface Workers {
  /** Resolves when all of the first ones serve. Rejects with a StartError when one ends before. */
  start(): Promise<void>
  /** How many there are of each state; `wanted` are to serve. */
  states(): Readonly<Record<WorkerState, number>>
  /** How many have died, or could not start, unasked. */
  lost(): number
  /** Whether one of them loses lines of the log. */
  areDropping(): boolean
  /** Of each upstream, what the worker sees that sees fewest targets available. */
  upstreams(): UpstreamFigures
  /** What they count, in parts as prom-client writes them; of those that have ended, what is `kept`. */
  metrics(kept: (labels: TableLabels) => boolean): Promise<object[][]>
  /** Tells all what is watched, for a while. */
  watch(scopes: readonly LiveScope[]): void
  reload(): void
  /** What may have kept them from starting is mended: those that are missing are tried at once. */
  retry(): void
  /** Hands on all that the emergency stop was told: it must not need Redis to reach the next process. */
  deny(words: readonly string[]): void
  /** Replaces all, one by one. A call meanwhile asks for once more, after it. Never rejects. */
  roll(): Promise<void>
  /** Drains all; resolves when they have ended. */
  stop(): Promise<void>
  /** The same, each of them after `delayMs` in which it tells balancers to stay away. */
  leave(delayMs: number): Promise<void>
  /** Ends all by force. */
  kill(): void
}

export type WorkerState = 'wanted' | 'starting' | 'serving' | 'leaving'

export interface WorkersDeps {
  /** How many there should be. */
  readonly count: number
  readonly log: Logger
  /** What session tickets are sealed with; null: there is no TLS. */
  readonly ticketKeys: Followed<Buffer> | null
  /** Told of each instance whose process is gone, whether or not it could sign off. */
  readonly gone: (instance: string) => void
  /** What each is told first. */
  readonly welcome: () => Extract<ToWorker, { type: 'welcome' }>
  /** The configuration in force, for those that find none on disk. */
  readonly kept: () => KeptConfig
  /** Told of decisions for those who watch. */
  readonly decided: (batch: readonly LiveDecision[]) => void
}

/** A worker that dies sooner than this after its start is replaced only after a wait. */
const healthyAfterMs = 5_000
const metricsWithinMs = 1_000
/** One that does not serve by then is stuck: it would hold up a start or a replacement for ever. */
const servesWithinMs = 60_000

/** How many `--workers auto` means: one a core. */
export function automaticWorkers(): number {
  return availableParallelism()
}

/** Makes the keeper of the workers. */
export function createWorkers(deps: WorkersDeps): Workers {
  const { count, log, ticketKeys } = deps
  const workers = new Set<WorkerProcess>()
  const counts = createWorkerCounts<WorkerProcess>()
  const pause = createReplacementPause(count)
  let isStopping = false
  let question = 0
  let lost = 0
  let denyWords: readonly string[] = []

  const staying = () => [...workers].filter((worker) => !worker.isLeaving())

  function fork(): WorkerProcess {
    const startedAt = Date.now()
    const worker = forkWorker((message) => hear(worker, message))
    workers.add(worker)
    void worker.serves(servesWithinMs).then((serves) => settle(worker, serves))
    void worker.ended.then(() => {
      workers.delete(worker)
      if (isStopping) return
      const isHealthy = worker.hasServed() && Date.now() - startedAt > healthyAfterMs
      if (isHealthy) refill()
      else setTimeout(refill, pause.next())
    })
    void worker.silent.then(async () => {
      if (!isStopping) tellEnd(worker, await worker.ended)
      counts.end(worker)
      const instance = worker.instance()
      if (instance !== undefined) deps.gone(instance)
    })
    return worker
  }

  function settle(worker: WorkerProcess, serves: boolean): void {
    if (serves) {
      setTimeout(() => worker.isServing() && pause.reset(), healthyAfterMs).unref()
    } else if (workers.has(worker) && !worker.isLeaving()) {
      log.error({ worker: worker.pid }, 'A worker does not serve in time, and is ended')
      worker.kill()
    }
  }

  function refill(): void {
    if (isStopping) return
    for (let missing = count - staying().length; missing > 0; missing--) fork()
  }

  function hear(worker: WorkerProcess, message: FromWorker): void {
    if (message.type === 'started') {
      worker.tell(deps.welcome())
      if (ticketKeys !== null) worker.tell(sealedBy(ticketKeys.current()))
      worker.tell({ type: 'deny', words: denyWords })
    }
    if (message.type === 'live') deps.decided(message.batch)
    if (message.type === 'kept') worker.tell({ type: 'kept', config: deps.kept() })
    if (message.type === 'metrics') counts.hear(worker, message.metrics)
  }

  function tellEnd(worker: WorkerProcess, { code, signal, reason }: WorkerEnd): void {
    const told = worker.failure() ?? (reason === undefined ? undefined : [reason])
    if (!worker.isLeaving() || told !== undefined) lost++
    if (told !== undefined) log.error({ worker: worker.pid, reason: told }, 'A worker cannot be started')
    else if (!worker.isLeaving()) log.error({ worker: worker.pid, code, signal }, 'A worker died')
    else if (code !== 0) log.error({ worker: worker.pid, code, signal }, 'A worker did not drain')
  }

  async function roll(): Promise<void> {
    for (const old of staying()) {
      if (isStopping) return
      // It has died meanwhile: whoever came for it is new already.
      if (!workers.has(old)) continue
      const next = fork()
      if (!(await next.serves(servesWithinMs))) {
        void next.retire()
        // The old ones go on serving.
        if (!isStopping) log.error('Workers are not replaced: a new one does not serve')
        return
      }
      await old.retire()
    }
    log.info('Workers replaced')
  }

  async function endAll(end: (worker: WorkerProcess) => Promise<void>): Promise<void> {
    isStopping = true
    // Silent too: who they were must be told while they can still be signed off.
    await Promise.all([...workers].flatMap((worker) => [end(worker), worker.silent]))
  }
  ticketKeys?.follow((keys) => {
    for (const worker of workers) worker.tell(sealedBy(keys))
  })

  return {
    async start() {
      await Promise.all(
        Array.from({ length: count }, async () => {
          const worker = fork()
          if (await worker.serves(servesWithinMs)) return
          throw await whyNot(worker)
        }),
      )
    },
    states() {
      const all = [...workers]
      const leaving = all.filter((worker) => worker.isLeaving()).length
      const serving = all.filter((worker) => worker.isServing()).length
      return { wanted: count, starting: all.length - leaving - serving, serving, leaving }
    },
    lost: () => lost,
    areDropping: () => [...workers].some((worker) => worker.isDropping()),
    upstreams: () =>
      leastOf([...workers].filter((worker) => worker.isServing()).map((worker) => worker.upstreams())),
    async metrics(kept) {
      const id = ++question
      const asked = [...workers].filter((worker) => worker.hasServed())
      const answers = await Promise.all(asked.map((worker) => worker.ask(id, metricsWithinMs)))
      const fresh = new Set(asked.filter((worker, at) => answers[at] && worker.isServing()))
      return counts.parts(fresh, kept)
    },
    watch(scopes) {
      for (const worker of workers) worker.tell({ type: 'live', scopes })
    },
    reload() {
      for (const worker of workers) worker.tell({ type: 'reload' })
    },
    retry: refill,
    deny(words) {
      denyWords = words
      for (const worker of workers) worker.tell({ type: 'deny', words })
    },
    roll: oneAtATime(roll),
    stop: () => endAll((worker) => worker.retire()),
    leave: (delayMs) => endAll((worker) => worker.leave(delayMs)),
    kill() {
      isStopping = true
      for (const worker of workers) worker.kill()
    },
  }
}

async function whyNot(worker: WorkerProcess): Promise<StartError> {
  worker.kill()
  await worker.silent
  const { code, signal, reason } = await worker.ended
  const told = worker.failure() ?? [reason ?? `a worker ended with ${signal ?? code} before it served`]
  return new StartError(told)
}

function sealedBy(keys: Buffer): ToWorker {
  return { type: 'ticket_keys', keys: keys.toString('base64') }
}
