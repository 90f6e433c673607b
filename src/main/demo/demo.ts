// `npm run demo`: the whole program on a machine that has nothing else: embedded Postgres, a sample upstream program,
// gateway and control plane, a merchant with keys of every kind, and curl lines to try. Ends without leaving a process.

import { randomBytes } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, realpathSync, writeFileSync } from 'node:fs'
import { basename, dirname, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Command } from 'commander'
import type { CliIo } from '../../cli/io.ts'
import { createLog } from '../../telemetry/log.ts'
import type { CompiledConfig } from '../../config/compiled.ts'
import { choosePlace } from '../../store/embedded/place.ts'
import { eraseEmbeddedPostgres } from '../../store/embedded.ts'
import { canWrite, chooseDemoConfig } from './demo-home.ts'
import { type DemoKeysOptions, makeDemoKeys } from './demo-keys.ts'
import { newsOf } from './demo-news.ts'
import { makeDemoPeople } from './demo-people.ts'
import { demoText } from './demo-text.ts'
import { type SampleUpstream, startSampleUpstream } from './demo-upstream.ts'
import { type Program, startProgram } from '../program.ts'
import { readSecrets } from '../secrets.ts'
import { StartError } from '../start-error.ts'
import { endSoon, loadOrExplain } from '../start.ts'
import { stopOnSignal } from '../stop-on-signal.ts'

const shippedConfig = fileURLToPath(new URL('../../../../config/demo.yaml', import.meta.url))

/** Adds the verb. */
export function registerDemoCommand(program: Command, io: CliIo): void {
  program
    .command('demo')
    .description('run everything on this machine, with a sample upstream and keys to try')
    .option('--config <file>', 'gateway file (the one that the package brings, unless said)')
    .option('--fresh', 'begin anew: the merchant, the keys and all else that starts before have made go')
    .addHelpText('after', '\nExamples:\n  $ npm run demo\n  $ npm run demo -- --fresh')
    .action(async (flags: DemoFlags) => runDemo(flags, io).catch(endSoon))
}

interface DemoFlags {
  readonly config?: string
  readonly fresh?: true
}

async function runDemo(flags: DemoFlags, io: CliIo): Promise<void> {
  const tell = (line: string) => io.stdout(`${line}\n`)
  const file = flags.config ?? chooseDemoConfig(shippedConfig, { env: io.env, canWrite })
  const { config, source } = await loadOrExplain(file, io)
  const home = await prepareHome(config, { file, isFresh: flags.fresh === true })
  const adminToken = io.env.LATCHKEY_ADMIN_TOKEN ?? randomBytes(32).toString('hex')
  const secrets = readSecrets(
    {
      ...io.env,
      LATCHKEY_ADMIN_TOKEN: adminToken,
      LATCHKEY_CACHE_KEY: io.env.LATCHKEY_CACHE_KEY ?? adminToken,
      LATCHKEY_SEAL_KEY: io.env.LATCHKEY_SEAL_KEY ?? keptSealKey(home),
    },
    { role: 'all', usesRedis: config.settings.redis.kind === 'url' },
    (message) => tell(`warning: ${message}`),
  )
  // Standard output is for the person who tries it; the log goes to a file.
  const logFile = join(home, 'gateway.log')
  const heard = (fields: unknown, message: string) => newsOf(fields, message).forEach(tell)
  const log = createLog({ level: 'info', file: logFile, heard })

  tell('Starting the sample upstream, Postgres, gateway and control plane …')
  const { upstream, program } = await startBoth(
    () => startSampleUpstream(config.settings.upstreams, tell),
    () => startProgram({ config, source, role: 'all', secrets, log: log.logger, losses: log.losses, tell }),
  )
  const stop = () => program.stop().then(() => upstream.stop())
  const leave = () => program.leave().then(() => upstream.stop())
  stopOnSignal({ leave, stop, isLingering: program.isLingering }, log)
  const token = adminToken.split(',')[0]?.split(':').at(-1) ?? adminToken
  const { gatewayPort, controlPort } = program
  const adminUrl = `http://127.0.0.1:${controlPort}`
  const { keys, people } = await makeAll(config, {
    ...{ adminUrl, token, revokedFile: join(home, 'revoked-key.json') },
  }).catch(async (error: unknown) => {
    await stop()
    throw error
  })
  tell(
    demoText(keys, {
      people,
      gatewayPort: gatewayPort ?? 0,
      controlPort: controlPort ?? 0,
      logFile,
      tableFile: tableFileOf(config) ?? file,
      // A copy of the configuration is of the demo's making, too.
      data: dataFolders(
        config,
        flags.config === undefined && file !== shippedConfig ? dirname(file) : undefined,
      ),
      adminToken: token,
      command: commandHere(io.env),
    }),
  )
  upstream.show()
  tell('ready')
}

/** The token is another each time, and what the database has sealed stays. */
function keptSealKey(home: string): string {
  const file = join(home, 'seal-key')
  if (!existsSync(file)) writeFileSync(file, randomBytes(32).toString('hex'), { mode: 0o600 })
  return readFileSync(file, 'utf8')
}

/** Keys of every kind, and people where there is a hub. */
async function makeAll({ settings }: CompiledConfig, options: DemoKeysOptions) {
  const { merchantId, ...keys } = await makeDemoKeys(options)
  const people = settings.hub === null ? null : await makeDemoPeople({ ...options, merchantId })
  return { keys, people }
}

/** Starts both at once; when one fails, the other is stopped again and the first failure thrown. */
async function startBoth(
  startUpstream: () => Promise<SampleUpstream>,
  start: () => Promise<Program>,
): Promise<{ upstream: SampleUpstream; program: Program }> {
  const [upstream, program] = await Promise.allSettled([startUpstream(), start()])
  if (upstream.status === 'fulfilled' && program.status === 'fulfilled') {
    return { upstream: upstream.value, program: program.value }
  }
  if (upstream.status === 'fulfilled') await upstream.value.stop()
  if (program.status === 'fulfilled') await program.value.stop()
  throw upstream.status === 'rejected' ? upstream.reason : program.status === 'rejected' && program.reason
}

/** The folder for the log and what else is kept; with `isFresh` the database's data goes. */
async function prepareHome(
  { settings }: CompiledConfig,
  { file, isFresh }: { readonly file: string; readonly isFresh: boolean },
): Promise<string> {
  const { postgres } = settings
  const home = postgres.kind === 'embedded' ? postgres.directory : join(dirname(resolve(file)), '.latchkey')
  mkdirSync(home, { recursive: true, mode: 0o700 })
  if (!isFresh) return home
  if (postgres.kind !== 'embedded')
    throw new StartError('--fresh removes the embedded database alone, and DATABASE_URL names another.')
  await eraseEmbeddedPostgres(postgres.directory)
  return home
}

/** As root the database has a folder of its own. */
function dataFolders({ settings }: CompiledConfig, copy: string | undefined): readonly string[] {
  const { postgres } = settings
  if (postgres.kind !== 'embedded') return []
  const { home } = choosePlace(postgres.directory)
  const own = copy ?? postgres.directory
  return home.startsWith(realpathSync(postgres.directory)) ? [own] : [own, home]
}

/** Of the first API; where its routes stand is where it says so. */
function tableFileOf({ table }: CompiledConfig): string | undefined {
  const [api] = table.apis.values()
  return api?.routes[0]?.source.replace(/:\d+:\d+$/, '')
}

/** As somebody would type it in the folder that this was started in. */
function commandHere(env: CliIo['env']): string {
  if (env['npm_lifecycle_event'] !== undefined) return 'npx latchkey'
  const [, script = 'latchkey'] = process.argv
  return basename(script) === 'latchkey' ? 'latchkey' : `node ${script}`
}
