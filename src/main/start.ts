// `latchkey start`: checks everything that can be checked first, then runs until it is told to stop.

import { type Command, Option } from 'commander'
import type { CliIo } from '../cli/io.ts'
import { loadConfig } from '../config/load.ts'
import { formatFault } from '../config/fault.ts'
import type { CompiledConfig } from '../config/compiled.ts'
import { exitCodes } from '../cli/exit.ts'
import { createLog, type Log } from '../telemetry/log.ts'
import { type Role, roles } from './core.ts'
import { type ConfigSource, startProgram } from './program.ts'
import { readSecrets } from './secrets.ts'
import { StartError } from './start-error.ts'

const example = `
Example:
  $ DATABASE_URL=postgres://… REDIS_URL=redis://… latchkey start --config config/gateway.yaml`

interface StartFlags {
  readonly config: string
  readonly role: Role
  readonly workers: string
}

/** Adds the verb. */
export function registerStartCommand(program: Command, io: CliIo): void {
  program
    .command('start')
    .description('run the gateway and the control plane')
    .option('--config <file>', 'gateway file', 'config/gateway.yaml')
    .addOption(new Option('--role <role>', 'which servers to run').choices(roles).default('all'))
    .option('--workers <n>', 'processes, or auto for one a core', '1')
    .addHelpText('after', example)
    .action(async (flags: StartFlags) => start(flags, io))
}

async function start(flags: StartFlags, io: CliIo): Promise<void> {
  requireOneWorker(flags.workers)
  const { config, source } = await loadOrExplain(flags.config, io)
  const secrets = readSecrets(io.env, {
    role: flags.role,
    usesRedis: config.settings.redis.kind === 'url',
  })
  const log = createLog({ level: levelOf(io.env) })
  const program = await startProgram({
    config,
    source,
    role: flags.role,
    secrets,
    log: log.logger,
    tell: (line) => log.logger.info(line),
  }).catch((error: unknown) => {
    log.flush()
    throw error
  })
  // Whoever waits for `ready` reads it now, not with the next full buffer.
  log.flush()
  process.on('SIGHUP', () => void program.reload())
  stopOnSignal(() => program.stop(), log)
}

function requireOneWorker(text: string): void {
  if (!/^(?:auto|[1-9][0-9]{0,2})$/.test(text)) {
    throw new StartError(
      `--workers takes a number from 1 to 999, or auto; not "${text.slice(0, 20)}"`,
      exitCodes.usage,
    )
  }
  if (text !== '1')
    throw new StartError('--workers: more than one is not supported yet; start more processes instead')
}

/** Loads the files; prints every fault and throws where there is one. */
export async function loadOrExplain(
  file: string,
  io: CliIo,
): Promise<{ config: CompiledConfig; source: ConfigSource }> {
  const loaded = await loadConfig(file, io.env)
  for (const warning of loaded.warnings) io.stderr(`warning: ${formatFault(warning)}\n`)
  if (loaded.ok) return { config: loaded.config, source: { file, files: loaded.files, env: io.env } }
  const lines = loaded.faults.map(formatFault).join('\n')
  const count = loaded.faults.length === 1 ? '1 fault' : `${loaded.faults.length} faults`
  throw new StartError(
    `${lines}\n${count} in the configuration; nothing was started.`,
    loaded.unreadable ? exitCodes.usage : exitCodes.failed,
  )
}

const levels = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent']

function levelOf(env: CliIo['env']): string {
  const level = env.LATCHKEY_LOG_LEVEL ?? 'info'
  if (levels.includes(level)) return level
  throw new StartError(`LATCHKEY_LOG_LEVEL must be one of ${levels.join(', ')}`)
}

/** SIGTERM and SIGINT drain and exit 0; a second one does not wait. What nobody foresaw ends the process, told. */
export function stopOnSignal(stop: () => Promise<void>, log: Log): void {
  let isStopping = false
  const onSignal = (signal: NodeJS.Signals) => {
    if (isStopping) {
      log.flush()
      process.exit(exitCodes.failed)
    }
    isStopping = true
    log.logger.info({ signal }, 'draining')
    void stop().then(() => {
      log.logger.info('stopped')
      log.flush()
      process.exit(exitCodes.done)
    })
  }
  process.on('SIGTERM', onSignal).on('SIGINT', onSignal)
  process.on('uncaughtException', (error) => {
    log.logger.fatal({ err: error }, 'uncaught exception')
    log.flush()
    process.exit(exitCodes.failed)
  })
}
