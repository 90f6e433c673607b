// A worker's side of `--workers N`: serves the gateway for the primary that forked it, and ends with it: politely when the
// primary has died, as its requests can still be answered; soon, as nobody hands it connections any more.

import { setTimeout as sleep } from 'node:timers/promises'
import { exitCodes } from '../cli/exit.ts'
import type { Log, LogLosses } from '../telemetry/log.ts'
import { makeInstanceId } from './core.ts'
import { drainBoundMs } from './drain.ts'
import type { KeptConfig } from './kept-config.ts'
import type { ProgramOptions } from './parts.ts'
import { type Program, startProgram } from './program.ts'
import { StartError } from './start-error.ts'
import { type Stoppable, stopOnSignal } from './stop-on-signal.ts'
import { type Order, openWorkerChannel, say, sayLast } from './worker-channel.ts'

/** How often it looks whether its log is written, in milliseconds. */
const lookAtLogMs = 250
/** A process is its parent's until the parent has ended, which comes just behind the end of the channel. */
const lookAtParentMs = 20

export interface WorkerStart {
  readonly options: ProgramOptions
  readonly log: Log
}

/**
 * Serves the gateway for the primary that forked this process; resolves when its port is open. `prepare` reads the
 * configuration, or takes the one that it is given.
 */
export async function startWorker(
  prepare: (kept: () => Promise<KeptConfig | undefined>) => Promise<WorkerStart>,
): Promise<void> {
  const channel = openWorkerChannel()
  const parent = process.ppid
  // Nobody else would end it by force.
  void channel.lost.then(() => setTimeout(() => process.exit(exitCodes.failed), drainBoundMs).unref())
  const instanceId = makeInstanceId()
  const { primary, ...told } = await channel.begin(instanceId)
  const { options, log } = await prepare(channel.kept)
  try {
    const program = await startProgram({
      ...options,
      ...told,
      ...{ place: 'worker', instanceId, orphaned: channel.lost },
      decided: (batch) => void say({ type: 'live', batch }),
    })
    const running = { program, log, drain: stopOnSignal(endOf(program), log, true) }
    channel.follow((order) => void obey(running, order).catch(() => {}))
    heedSignalsOfAll(running)
    void channel.lost.then(() => endAlone(running, { primary, parent }))
    tellChanges(program, log.losses)
    await say({ type: 'serving' })
  } finally {
    log.flush()
  }
}

interface Running {
  readonly program: Program
  readonly log: Log
  readonly drain: (why: string) => void
}

async function obey({ program, log, drain }: Running, order: Order): Promise<void> {
  if (order.type === 'reload') {
    log.reopen()
    await program.reload()
  } else if (order.type === 'retire') drain('retire')
  else if (order.type === 'live') program.live.want(order.scopes)
  else await say({ type: 'metrics', id: order.id, metrics: await program.metrics.part() })
}

/** Whoever signals the whole group means the primary, but must not end a worker: SIGHUP and SIGUSR2 would. */
function heedSignalsOfAll(running: Running): void {
  process.on('SIGHUP', () => void obey(running, { type: 'reload' }))
  process.on('SIGUSR2', () => {})
}

/** Nobody is left to sign off the primary but its workers. */
function endAlone({ program, log, drain }: Running, { primary, parent }: Origin): void {
  log.logger.error('The primary has ended: this worker drains')
  void untilGone(parent).then(() => program.dismiss(primary))
  drain('disconnect')
}

interface Origin {
  /** Who its primary is among the instances. */
  readonly primary: string
  /** The primary's process. */
  readonly parent: number
}

async function untilGone(parent: number): Promise<void> {
  while (process.ppid === parent) await sleep(lookAtParentMs, undefined, { ref: false })
}

/** The primary's `/readyz` speaks for all. */
function tellChanges(program: Program, losses: LogLosses): void {
  let wasDropping = false
  let told = '{}'
  const look = () => {
    const isDropping = losses.isDropping()
    if (isDropping !== wasDropping) void say({ type: 'log', isDropping })
    wasDropping = isDropping
    const figures = program.upstreams()
    const text = JSON.stringify(figures)
    if (text !== told) void say({ type: 'upstreams', figures })
    told = text
  }
  setInterval(look, lookAtLogMs).unref()
}

/** What it has counted must outlast it: the last requests are answered in the drain. */
function endOf(program: Program): Stoppable {
  const lastWord = async () => sayLast({ type: 'metrics', id: null, metrics: await program.metrics.part() })
  return {
    leave: () => program.leave().then(lastWord),
    // Its primary tells balancers of the end, if it is one.
    stop: () => program.retire().then(lastWord),
    isLingering: program.isLingering,
  }
}

/** Ends a process that could not start. Its primary tells why; false: there is none that could. */
export async function endFailed(error: unknown): Promise<boolean> {
  if (!process.connected) return false
  await sayLast({ type: 'failed', told: toldOf(error) })
  process.exit(exitCodes.failed)
}

function toldOf(error: unknown): readonly string[] {
  if (error instanceof StartError) return error.told
  return [error instanceof Error ? error.message : String(error)]
}
