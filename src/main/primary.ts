// `--workers N`: the primary, from start to end; its workers are in worker.ts.

import type { Log } from '../telemetry/log.ts'
import { type Program, type ProgramOptions, startProgram } from './program.ts'
import { StartError } from './start-error.ts'
import { type Stoppable, stopOnSignal } from './stop-on-signal.ts'
import { createTicketKeys } from './ticket-keys.ts'
import { createWorkers, type Workers } from './workers.ts'

/** Runs the control port here and the gateway in `count` workers. SIGHUP reloads, SIGUSR2 replaces the workers. */
export async function startPrimary(options: ProgramOptions, count: number, log: Log): Promise<void> {
  if (options.role === 'control')
    throw new StartError('--workers: the control role runs in one process; leave it out')
  if (options.config.settings.postgres.kind === 'embedded') {
    throw new StartError(
      '--workers: the embedded Postgres is for one process; set postgres to a postgres:// URL',
    )
  }
  if (options.config.settings.gateway.port === 0) {
    throw new StartError('--workers: all workers share one port; set gateway.port to a number other than 0')
  }
  const ticketKeys = options.config.settings.gateway.tls === null ? null : createTicketKeys()
  const workers = createWorkers({
    count,
    log: log.logger,
    ticketKeys,
    gone: (instance) => program.dismiss(instance),
  })
  // First the program: it applies the migrations that the workers need.
  const program = await startProgram({ ...options, place: 'primary', workers })
  const end = endOf(workers, program, options.config.settings.gateway.drainDelayMs)
  stopOnSignal(end, log)
  process.on('SIGHUP', () => {
    workers.reload()
    void program.reload()
  })
  process.on('SIGUSR2', () => {
    void workers.roll()
  })
  try {
    await workers.start()
  } catch (error) {
    await end.stop()
    throw new StartError(error instanceof Error ? error.message : String(error))
  }
  const { gateway } = options.config.settings
  log.logger.info({ workers: count, gatewayPort: gateway.port, controlPort: program.controlPort }, 'serving')
}

/** First the workers: the control port tells of the end until it has come. They linger by themselves. */
function endOf(workers: Workers, program: Program, delayMs: number): Stoppable {
  let lingersUntil = 0
  return {
    async leave() {
      lingersUntil = performance.now() + delayMs
      await workers.leave(delayMs)
      await program.stop()
    },
    async stop() {
      lingersUntil = 0
      await workers.stop()
      await program.stop()
    },
    isLingering: () => performance.now() < lingersUntil,
  }
}
