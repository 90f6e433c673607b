// `latchkey start`: checks everything that can be checked first, then runs until it is told to stop.

import cluster from 'node:cluster'
import { resolve } from 'node:path'
import { type Command, Option } from 'commander'
import type { CliIo } from '../cli/io.ts'
import { whyUnwritable } from '../config/file-fault.ts'
import { formatFault, loadConfig, type LoadOptions } from '../config/load.ts'
import type { CompiledConfig } from '../config/compiled.ts'
import { exitCodes } from '../cli/exit.ts'
import { createLog, type Log } from '../telemetry/log.ts'
import type { ShadowSource } from './config-in-force.ts'
import { type Role, roles } from './core.ts'
import { boundHeapGrowth } from './heap.ts'
import { inlineMore } from './inlining.ts'
import { refuseKnownSecrets } from './known-secrets.ts'
import { faultsOf, type Loaded, loadForWorker } from './load-for-worker.ts'
import { startPrimary } from './primary.ts'
import type { ConfigSource, ProgramOptions } from './parts.ts'
import { startProgram } from './program.ts'
import { readSecrets } from './secrets.ts'
import { StartError } from './start-error.ts'
import { stopOnSignal } from './stop-on-signal.ts'
import { startWorker, type WorkerStart } from './worker.ts'
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
  if (cluster.isWorker) {
    return startWorker(async (kept) => {
      const loaded = await loadForWorker(flags, io.env, kept)
      return prepare({ flags, io, isShared: true }, loaded)
    })
  }
  const needs = flags.role === 'control' ? 'all_but_tls' : 'all'
  const loaded = await loadOrExplain(flags.config, io, { needs })
  const shadow = flags.shadow === undefined ? undefined : await loadCandidate(flags.shadow, io)
  const { options, log } = prepare({ flags, io, isShared: count > 1 }, { ...loaded, shadow })
  try {
    if (count > 1) await startPrimary(options, count, log)
    else await startAlone(options, log)
  } finally {
    // Whoever waits for `ready`, or for the reason why not, reads it now, not with the next full block.
    log.flush()
  }
}

interface Start {
  readonly flags: StartFlags
  readonly io: CliIo
  /** Several processes write to one log. */
  readonly isShared: boolean
}

/** All that can be checked without a socket. */
function prepare({ flags, io, isShared }: Start, { config, source, shadow, kept }: Loaded): WorkerStart {
  const usesRedis = config.settings.redis.kind === 'url'
  // A worker has no admin API, so it needs no token.
  const role = cluster.isWorker ? 'gateway' : flags.role
  // Once for all processes.
  const warn = (message: string) => cluster.isPrimary && io.stderr(`warning: ${message}\n`)
  const secrets = readSecrets(io.env, { role, usesRedis }, warn)
  refuseKnownSecrets(io.env, config.settings)
  const log = openLog(io.env, isShared)
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
    ...(kept !== undefined && { kept }),
  }
  return { options, log }
}

function openLog(env: CliIo['env'], isShared: boolean): Log {
  const file = env.LATCHKEY_LOG_FILE
  const level = levelOf(env)
  if (file === undefined || file === '') return createLog({ level, isShared })
  try {
    return createLog({ level, isShared, file: resolve(file) })
  } catch (error) {
    throw new StartError(`LATCHKEY_LOG_FILE: ${file} ${whyUnwritable(error)}`)
  }
}

async function startAlone(options: ProgramOptions, log: Log): Promise<void> {
  const program = await startProgram(options)
  process.on('SIGHUP', () => {
    log.reopen()
    void program.reload()
  })
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
  // Nobody connects by it.
  const { config, source } = await loadOrExplain(file, io, { skipsCertificates: true })
  return { file, config, files: source.files, sources: source.sources ?? [] }
}

/** Loads the files; prints every fault and throws where there is one. */
export async function loadOrExplain(
  file: string,
  io: CliIo,
  options: LoadOptions = {},
): Promise<{ config: CompiledConfig; source: ConfigSource }> {
  const loaded = await loadConfig(file, io.env, options)
  for (const warning of loaded.warnings) io.stderr(`warning: ${formatFault(warning)}\n`)
  if (!loaded.ok) throw faultsOf(loaded)
  const { config, files, sources } = loaded
  return { config, source: { file, files, sources, env: io.env } }
}

const levels = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent']

function levelOf(env: CliIo['env']): string {
  const level = env.LATCHKEY_LOG_LEVEL ?? 'info'
  if (levels.includes(level)) return level
  throw new StartError(`LATCHKEY_LOG_LEVEL must be one of ${levels.join(', ')}`)
}
