// One worker as its primary sees it, from the fork to the last that is heard of it. Whatever happens to its process or
// to the channel to it, at whatever moment, is an end that is told, and never an error of the primary's.

import cluster, { type Worker } from 'node:cluster'
import { drainBoundMs } from './drain.ts'
import type { UpstreamFigures } from './upstream-figures.ts'
import { type FromWorker, isFromWorker, type ToWorker } from './worker-messages.ts'

export interface WorkerProcess {
  /** undefined: it never came to be. */
  readonly pid: number | undefined
  /** Who it is among the instances; undefined until it has said so. */
  instance(): string | undefined
  /** Whether it serves, and was not asked to go. */
  isServing(): boolean
  /** Whether it was asked to go. */
  isLeaving(): boolean
  /** Whether it loses lines of the log. */
  isDropping(): boolean
  /** What it said last of its upstreams. */
  upstreams(): UpstreamFigures
  /** Whether it has ever served, and so answers questions. */
  hasServed(): boolean
  /** Why it could not start, by its own last word, line by line; undefined: it has not said. */
  failure(): readonly string[] | undefined
  /** Says it, unless nobody is there to hear it. Never throws. */
  tell(message: ToWorker): void
  /** Asks what it counts; false: no answer within `withinMs`. */
  ask(id: number, withinMs: number): Promise<boolean>
  /** Whether it serves before it ends, and within `withinMs` if that is said. */
  serves(withinMs?: number): Promise<boolean>
  /** Resolves when its process is certainly gone. */
  readonly ended: Promise<WorkerEnd>
  /** Resolves when it has ended and all that it said was heard. */
  readonly silent: Promise<void>
  /**
   * Asks it to drain, as another takes its place, and ends it by force when it has not for longer than a drain takes.
   * Resolves with its end.
   */
  retire(): Promise<void>
  /** The same as all of them leave: it does so by itself first, for `delayMs`. */
  leave(delayMs: number): Promise<void>
  /** Ends it by force, now. */
  kill(): void
}

export interface WorkerEnd {
  readonly code: number | null
  readonly signal: string | null
  /** Why there was never a process. */
  readonly reason?: string
}

/** Forks a worker; `hear` is called with what it says. Never throws: one that cannot be forked has ended. */
export function forkWorker(hear: (message: FromWorker) => void): WorkerProcess {
  try {
    return watched(cluster.fork(), hear)
  } catch (error) {
    return unborn(error instanceof Error ? error.message : String(error))
  }
}

function watched(worker: Worker, hear: (message: FromWorker) => void): WorkerProcess {
  let instance: string | undefined
  let hasServed = false
  let isDropping = false
  let upstreams: UpstreamFigures = {}
  let failure: readonly string[] | undefined
  let hasEnded = false
  let isLeaving = false
  const ended = endOf(worker).finally(() => (hasEnded = true))
  const closed = new Promise((resolve) => worker.once('disconnect', resolve))

  worker.on('message', (message: unknown) => {
    if (!isFromWorker(message)) return
    if (message.type === 'started') instance = message.instance
    if (message.type === 'serving') hasServed = true
    if (message.type === 'failed') failure = message.told
    if (message.type === 'log') isDropping = message.isDropping
    if (message.type === 'upstreams') upstreams = message.figures
    hear(message)
  })

  async function endWithin(boundMs: number): Promise<void> {
    isLeaving = true
    if (hasEnded) return
    const timer = setTimeout(() => worker.process.kill('SIGKILL'), boundMs)
    await ended
    clearTimeout(timer)
  }

  return {
    pid: worker.process.pid,
    instance: () => instance,
    isServing: () => hasServed && !hasEnded && !isLeaving,
    isLeaving: () => isLeaving,
    isDropping: () => isDropping,
    upstreams: () => upstreams,
    hasServed: () => hasServed,
    failure: () => failure,
    tell: (message) => tell(worker, message),
    ask: (id, withinMs) => ask(worker, id, withinMs),
    async serves(withinMs) {
      if (hasServed || hasEnded) return hasServed
      const said = new Promise<boolean>((resolve) => {
        worker.on('message', () => {
          if (hasServed) resolve(true)
        })
      })
      return within(Promise.race([said, ended.then(() => false)]), withinMs)
    },
    ended,
    // What it said last may be read after its end.
    silent: Promise.all([ended, closed]).then(() => {}),
    retire() {
      // A signal comes from whoever ends the whole group too, so it means that: not ready, and no drain yet.
      if (hasServed) tell(worker, { type: 'retire' })
      else if (!hasEnded) worker.process.kill('SIGTERM')
      return endWithin(drainBoundMs)
    },
    leave(delayMs) {
      if (!hasEnded) worker.process.kill('SIGTERM')
      return endWithin(delayMs + drainBoundMs)
    },
    kill: () => void worker.process.kill('SIGKILL'),
  }
}

function endOf(worker: Worker): Promise<WorkerEnd> {
  return new Promise((resolve) => {
    worker.once('exit', (code, signal) => resolve({ code, signal }))
    worker.on('error', (error) => {
      // A fork that failed has no exit. All else that fails here is a word to one that has just died: its exit follows.
      if (worker.process.pid === undefined) resolve({ code: null, signal: null, reason: error.message })
    })
  })
}

/** As if it had been forked and had ended. */
function unborn(reason: string): WorkerProcess {
  return {
    pid: undefined,
    instance: () => undefined,
    isServing: () => false,
    isLeaving: () => false,
    isDropping: () => false,
    upstreams: () => ({}),
    hasServed: () => false,
    failure: () => undefined,
    tell() {},
    ask: () => Promise.resolve(false),
    serves: () => Promise.resolve(false),
    ended: Promise.resolve({ code: null, signal: null, reason }),
    silent: Promise.resolve(),
    retire: () => Promise.resolve(),
    leave: () => Promise.resolve(),
    kill() {},
  }
}

/** The one way to say something to a worker: it may have died, and the primary not have heard of it yet. */
function tell(worker: Worker, message: ToWorker): void {
  // With a callback, what goes wrong is told to it and to nobody else; the end of the worker tells the rest.
  if (worker.isConnected()) worker.send(message, () => {})
}

function ask(worker: Worker, id: number, withinMs: number): Promise<boolean> {
  return new Promise((resolve) => {
    const finish = (isAnswered: boolean) => {
      clearTimeout(timer)
      worker.off('message', onMessage).off('disconnect', onClosed)
      resolve(isAnswered)
    }
    const timer = setTimeout(() => finish(false), withinMs)
    const onClosed = () => finish(false)
    const onMessage = (message: unknown) => {
      if (isFromWorker(message) && message.type === 'metrics' && message.id === id) finish(true)
    }
    worker.on('message', onMessage).once('disconnect', onClosed)
    tell(worker, { type: 'metrics', id })
  })
}

/** What it resolves with; false when the time is over before. */
function within(promise: Promise<boolean>, milliseconds: number | undefined): Promise<boolean> {
  if (milliseconds === undefined) return promise
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<boolean>((resolve) => {
    timer = setTimeout(() => resolve(false), milliseconds)
  })
  return Promise.race([promise, late]).finally(() => clearTimeout(timer))
}
