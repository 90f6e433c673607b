// `--workers N`: the primary, from start to end; its workers are in worker.ts.

import { randomBytes } from 'node:crypto'
import type { Log } from '../telemetry/log.ts'
import { createPortWatch, type PortWatch } from './port-watch.ts'
import type { ProgramOptions } from './parts.ts'
import { type Program, startProgram } from './program.ts'
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
  const bound = [...options.config.table.apis.values()].find(({ oauth }) => oauth?.profile === 'fapi2')
  if (bound !== undefined && options.config.settings.redis.kind === 'none') {
    throw new StartError(
      `--workers: apis.${bound.name}.oauth has the profile fapi2, and without Redis each worker would take the same proof of possession; set redis to a redis:// URL`,
    )
  }
  const ticketKeys = options.config.settings.gateway.tls === null ? null : createTicketKeys()
  // Nobody else can ask by it, so what is asked need not be told apart from what clients ask.
  const probe = `/latchkey-probe-${randomBytes(16).toString('hex')}`
  const workers = createWorkers({
    count,
    log: log.logger,
    ticketKeys,
    gone: (instance) => program.dismiss(instance),
    welcome: () => ({ type: 'welcome', primary: program.instanceId, probe, serving: count }),
    kept: () => program.kept(),
    decided: (batch) => program.live.hear(batch),
  })
  const { gateway } = options.config.settings
  const port = createPortWatch({
    gateway,
    probe,
    isServed: () => workers.states().serving > 0,
    changed(isAnswering) {
      if (isAnswering) log.logger.info("The gateway's port answers again")
      else log.logger.error("The gateway's port does not answer: this instance is not ready")
    },
  })
  // First the program: it applies the migrations that the workers need.
  const program = await startProgram({ ...options, place: 'primary', workers, port })
  const end = endOf({ workers, program, port }, gateway.drainDelayMs)
  stopOnSignal(end, log)
  process.on('SIGHUP', () => {
    log.reopen()
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
    throw error
  }
  port.begin()
  log.logger.info({ workers: count, gatewayPort: gateway.port, controlPort: program.controlPort }, 'serving')
}

interface Parts {
  readonly workers: Workers
  readonly program: Program
  readonly port: PortWatch
}

/** First the workers: the control port tells of the end until it has come. They linger by themselves. */
function endOf({ workers, program, port }: Parts, delayMs: number): Stoppable {
  let lingersUntil = 0
  return {
    async leave() {
      port.stop()
      lingersUntil = performance.now() + delayMs
      await workers.leave(delayMs)
      await program.stop()
    },
    async stop() {
      port.stop()
      lingersUntil = 0
      await workers.stop()
      await program.stop()
    },
    isLingering: () => performance.now() < lingersUntil,
    kill: workers.kill,
  }
}
