// `latchkey start`: checks everything that can be checked first, then runs until it is told to stop.

import cluster from 'node:cluster'
import { type Command, Option } from 'commander'
import type { CliIo } from '../cli/io.ts'
import { loadConfig } from '../config/load.ts'
import { formatFault } from '../config/fault.ts'
import type { CompiledConfig } from '../config/compiled.ts'
import { exitCodes } from '../cli/exit.ts'
import { createLog, type Log } from '../telemetry/log.ts'
import type { ShadowSource } from './config-in-force.ts'
import { type Role, roles } from './core.ts'
import { boundHeapGrowth } from './heap.ts'
import { inlineMore } from './inlining.ts'
import { refuseKnownSecrets } from './known-secrets.ts'
import { startPrimary } from './primary.ts'
import { type ConfigSource, type ProgramOptions, startProgram } from './program.ts'
import { readSecrets } from './secrets.ts'
import { StartError } from './start-error.ts'
import { stopOnSignal } from './stop-on-signal.ts'
import { startWorker } from './worker.ts'
import { automaticWorkers } from './workers.ts'

const example = `
Example:
  $ DATABASE_URL=postgres://… REDIS_URL=redis://… latchkey start --config config/gateway.yaml`

interface StartFlags {
  readonly config: string
  readonly role: Role
  readonly workers: string
  readonly shadow?: string
}

/** Adds the verb. */
export function registerStartCommand(program: Command, io: CliIo): void {
  program
    .command('start')
    .description('run the gateway and the control plane')
    .option('--config <file>', 'gateway file', 'config/gateway.yaml')
    .addOption(new Option('--role <role>', 'which servers to run').choices(roles).default('all'))
    .option('--shadow <file>', 'candidate gateway file: decides nothing, its differing decisions are logged')
    .option('--workers <n>', 'processes, or auto for one a core', '1')
    .addHelpText('after', example)
    .action(async (flags: StartFlags) => start(flags, io).catch(endSoon))
}

/** A reason on standard error that nobody reads must not keep a process that has failed: somebody may start another. */
const reasonReadWithinMs = 5_000

/** Throws the error, and ends the process where it does not end by itself. */
export function endSoon(error: unknown): never {
  setTimeout(() => process.exit(), reasonReadWithinMs).unref()
  throw error
}

async function start(flags: StartFlags, io: CliIo): Promise<void> {
  boundHeapGrowth()
  inlineMore()
  const count = workerCount(flags.workers)
  const { config, source } = await loadOrExplain(flags.config, io)
  const shadow = flags.shadow === undefined ? undefined : await loadCandidate(flags.shadow, io)
  const usesRedis = config.settings.redis.kind === 'url'
  // A worker has no admin API, so it needs no token.
  const role = cluster.isWorker ? 'gateway' : flags.role
  // Once for all processes.
  const warn = (message: string) => cluster.isPrimary && io.stderr(`warning: ${message}\n`)
  const secrets = readSecrets(io.env, { role, usesRedis }, warn)
  refuseKnownSecrets(io.env, config.settings)
  const log = createLog({ level: levelOf(io.env), isShared: count > 1 })
  const options: ProgramOptions = {
    config,
    source: { ...source, ...(shadow !== undefined && { shadow }) },
    role: flags.role,
    secrets,
    rereadTokens() {
      io.rereadSecrets()
      refuseKnownSecrets(io.env, config.settings)
      return readSecrets(io.env, { role, usesRedis: false }, warn).tokens
    },
    log: log.logger,
    losses: log.losses,
    tell: (line) => log.logger.info(line),
  }
  try {
    if (cluster.isWorker) await startWorker(options, log)
    else if (count > 1) await startPrimary(options, count, log)
    else await startAlone(options, log)
  } finally {
    // Whoever waits for `ready`, or for the reason why not, reads it now, not with the next full block.
    log.flush()
  }
}

async function startAlone(options: ProgramOptions, log: Log): Promise<void> {
  const program = await startProgram(options)
  process.on('SIGHUP', () => void program.reload())
  stopOnSignal(program, log)
}

/** A number of processes from the flag; throws a StartError. */
function workerCount(text: string): number {
  if (text === 'auto') return automaticWorkers()
  if (/^[1-9][0-9]{0,2}$/.test(text)) return Number(text)
  throw new StartError(
    `--workers takes a number from 1 to 999, or auto; not "${text.slice(0, 20)}"`,
    exitCodes.usage,
  )
}

async function loadCandidate(file: string, io: CliIo): Promise<ShadowSource> {
  const { config, source } = await loadOrExplain(file, io)
  return { file, config, files: source.files }
}

/** Loads the files; prints every fault and throws where there is one. */
export async function loadOrExplain(
  file: string,
  io: CliIo,
): Promise<{ config: CompiledConfig; source: ConfigSource }> {
  const loaded = await loadConfig(file, io.env)
  for (const warning of loaded.warnings) io.stderr(`warning: ${formatFault(warning)}\n`)
  if (loaded.ok) return { config: loaded.config, source: { file, files: loaded.files, env: io.env } }
  const lines = loaded.faults.map(formatFault)
  const count = loaded.faults.length === 1 ? '1 fault' : `${loaded.faults.length} faults`
  throw new StartError(
    [...lines, `${count} in the configuration; nothing was started.`],
    loaded.unreadable ? exitCodes.usage : exitCodes.failed,
  )
}

const levels = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent']

function levelOf(env: CliIo['env']): string {
  const level = env.LATCHKEY_LOG_LEVEL ?? 'info'
  if (levels.includes(level)) return level
  throw new StartError(`LATCHKEY_LOG_LEVEL must be one of ${levels.join(', ')}`)
}
