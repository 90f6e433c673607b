// How a process ends: by signal, politely; or by what nobody foresaw, told.

import { exitCodes } from '../cli/exit.ts'
import type { Log } from '../telemetry/log.ts'

/** What can be stopped. */
export interface Stoppable {
  /** Drains, after the delay that is configured. */
  leave(): Promise<void>
  /** Drains, and waits no longer before it. */
  stop(): Promise<void>
  /** Whether it waits before it drains. */
  isLingering(): boolean
  /** Ends by force what would outlive the process. */
  kill?(): void
}

/** A terminal tells its whole group of a Ctrl-C, and `npm` hands it on besides: what comes so soon after is the same one. */
const sameCtrlCMs = 500

/**
 * SIGTERM and SIGINT drain and exit 0. A second one ends the delay before the drain, and where there is none the process,
 * except for a worker: it hears Ctrl-C and its primary both. What nobody foresaw ends the process, told. What the log
 * still has is written at the end, as far as it can be. Returns what drains a worker as if a signal had come.
 */
export function stopOnSignal(program: Stoppable, log: Log, isWorker = false): (why: string) => void {
  let stoppedAt: number | undefined
  const end = (reason: object, stopping: () => Promise<void>) => {
    stoppedAt ??= performance.now()
    log.logger.info(reason, 'draining')
    void stopping().then(() => {
      log.logger.info('stopped')
      process.exit(exitCodes.done)
    })
  }
  const onSignal = (signal: NodeJS.Signals) => {
    if (stoppedAt === undefined) return end({ signal }, program.leave)
    if (isWorker || (signal === 'SIGINT' && performance.now() - stoppedAt < sameCtrlCMs)) return
    if (!program.isLingering()) {
      program.kill?.()
      process.exit(exitCodes.failed)
    }
    end({ signal }, program.stop)
  }
  process.on('SIGTERM', onSignal).on('SIGINT', onSignal)
  tellUnforeseen(log)
  return (why) => {
    if (stoppedAt === undefined || program.isLingering()) end({ why }, program.stop)
  }
}

function tellUnforeseen(log: Log): void {
  // A promise that nobody waited for, of ours or a library's (ioredis has some), is a fault to be told, but none of the
  // requests under way depends on it: it must not turn every client away.
  process.on('unhandledRejection', (reason) => {
    log.logger.error(
      { err: reason instanceof Error ? reason : new Error(String(reason)) },
      'unhandled rejection',
    )
  })
  // Node would write it to standard error, and stand still where nobody reads that.
  process.removeAllListeners('warning').on('warning', (warning) => {
    log.logger.warn({ err: warning }, 'a warning of Node')
  })
  process.on('uncaughtException', (error) => {
    log.logger.fatal({ err: error }, 'uncaught exception')
    process.exit(exitCodes.failed)
  })
}
