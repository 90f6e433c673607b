// A worker's side of `--workers N`: serves the gateway for the primary that forked it, and ends with it.

import cluster from 'node:cluster'
import type { Log, LogLosses } from '../telemetry/log.ts'
import { makeInstanceId } from './core.ts'
import { type Program, type ProgramOptions, startProgram } from './program.ts'
import { type Stoppable, stopOnSignal } from './stop-on-signal.ts'
import { type HandedOn, handedOn } from './ticket-keys.ts'
import { type FromWorker, isToWorker, type ToWorker } from './worker-messages.ts'

/** The primary reads at once; a stuck one must not hold up an end. */
const lastWordWithinMs = 1_000

/** How often it looks whether its log is written, in milliseconds. */
const lookAtLogMs = 250

/** Serves the gateway for the primary that forked this process; resolves when its port is open. */
export async function startWorker(options: ProgramOptions, log: Log): Promise<void> {
  let drain = (_why: string): void => void process.kill(process.pid, 'SIGTERM')
  // Without its primary nobody hands it connections, and nobody would end it.
  cluster.worker?.once('disconnect', () => drain('disconnect'))
  const instanceId = makeInstanceId()
  const denied = createDenied()
  let ticketKeys: HandedOn<Buffer> | undefined
  const isToldDenied = new Promise<void>((resolve) => {
    process.on('message', (message: unknown) => {
      if (!isToWorker(message)) return
      if (message.type === 'ticket_keys') {
        const keys = Buffer.from(message.keys, 'base64')
        if (ticketKeys === undefined) ticketKeys = handedOn(keys)
        else ticketKeys.take(keys)
        return
      }
      if (message.type !== 'deny')
        return void started.then((program) => obey(program, message, drain)).catch(() => {})
      denied.hear(message.words)
      resolve()
    })
  })
  // What is denied comes before the port opens: without Redis only the primary knows it. So do the keys of tickets.
  const started = say({ type: 'started', instance: instanceId })
    .then(() => isToldDenied)
    .then(() =>
      startProgram({
        ...options,
        place: 'worker',
        instanceId,
        denied: denied.follow,
        ...(ticketKeys !== undefined && { ticketKeys }),
      }),
    )
  const program = await started
  drain = stopOnSignal(endOf(program), log, true)
  tellOfLosses(log.losses)
  await say({ type: 'serving' })
}

type Order = Exclude<ToWorker, { type: 'deny' | 'ticket_keys' }>

async function obey(program: Program, message: Order, drain: (why: string) => void): Promise<void> {
  if (message.type === 'reload') await program.reload()
  else if (message.type === 'retire') drain('retire')
  else await say({ type: 'metrics', id: message.id, metrics: await program.metrics.part() })
}

/** The primary's `/readyz` speaks for all. */
function tellOfLosses(losses: LogLosses): void {
  let told = false
  const look = () => {
    const isDropping = losses.isDropping()
    if (isDropping !== told) void say({ type: 'log', isDropping })
    told = isDropping
  }
  setInterval(look, lookAtLogMs).unref()
}

/** What it has counted must outlast it: the last requests are answered in the drain. */
function endOf(program: Program): Stoppable {
  const lastWord = async () => {
    const isSaid = say({ type: 'metrics', id: null, metrics: await program.metrics.part() })
    await Promise.race([isSaid, new Promise((resolve) => setTimeout(resolve, lastWordWithinMs))])
  }
  return {
    leave: () => program.leave().then(lastWord),
    // Its primary tells balancers of the end, if it is one.
    stop: () => program.retire().then(lastWord),
    isLingering: program.isLingering,
  }
}

/** Resolves when the channel has it, or nobody is there to hear it. */
function say(message: FromWorker): Promise<void> {
  return new Promise((resolve) => {
    if (!process.connected) resolve()
    // With a callback, what goes wrong is told to it and to nobody else.
    else process.send?.(message, () => resolve())
  })
}

interface Denied {
  hear(words: readonly string[]): void
  follow(take: (words: readonly string[]) => void): void
}

/** The newest words, and whoever follows them. */
function createDenied(): Denied {
  let newest: readonly string[] = []
  let tell = (_words: readonly string[]) => {}
  return {
    hear(words) {
      newest = words
      tell(words)
    },
    follow(take) {
      tell = take
      take(newest)
    },
  }
}
