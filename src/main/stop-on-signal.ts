// How a process ends: by signal, politely; or by what nobody foresaw, told.

import { exitCodes } from '../cli/exit.ts'
import type { Log } from '../telemetry/log.ts'

/**
 * SIGTERM and SIGINT drain and exit 0. A second one does not wait, except for a worker: it hears Ctrl-C and its primary
 * both. What nobody foresaw ends the process, told. What the log still has is written at the end, as far as it can be.
 */
export function stopOnSignal(stop: () => Promise<void>, log: Log, isWorker = false): void {
  let isStopping = false
  const onSignal = (signal: NodeJS.Signals) => {
    if (isStopping && isWorker) return
    if (isStopping) process.exit(exitCodes.failed)
    isStopping = true
    log.logger.info({ signal }, 'draining')
    void stop().then(() => {
      log.logger.info('stopped')
      process.exit(exitCodes.done)
    })
  }
  process.on('SIGTERM', onSignal).on('SIGINT', onSignal)
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
