// `npm run demo`: the whole program on a machine that has nothing else: embedded Postgres, a sample upstream program,
// gateway and control plane, a merchant with keys of every kind, and curl lines to try. Ends without leaving a process.

import { randomBytes } from 'node:crypto'
import { fileURLToPath } from 'node:url'
import type { Command } from 'commander'
import type { CliIo } from '../cli/io.ts'
import { createLog } from '../telemetry/log.ts'
import { type DemoKey, makeDemoKeys } from './demo-keys.ts'
import { type SampleUpstream, startSampleUpstream } from './demo-upstream.ts'
import { type Program, startProgram } from './program.ts'
import { readSecrets } from './secrets.ts'
import { endSoon, loadOrExplain } from './start.ts'
import { stopOnSignal } from './stop-on-signal.ts'

const configFile = fileURLToPath(new URL('../../../config/demo.yaml', import.meta.url))

/** Adds the verb. */
export function registerDemoCommand(program: Command, io: CliIo): void {
  program
    .command('demo')
    .description('run everything on this machine, with a sample upstream and keys to try')
    .option('--config <file>', 'gateway file', configFile)
    .addHelpText('after', '\nExample:\n  $ npm run demo')
    .action(async (flags: { config: string }) => runDemo(flags.config, io).catch(endSoon))
}

async function runDemo(file: string, io: CliIo): Promise<void> {
  const tell = (line: string) => io.stdout(`${line}\n`)
  const { config, source } = await loadOrExplain(file, io)
  const adminToken = io.env.LATCHKEY_ADMIN_TOKEN ?? randomBytes(32).toString('hex')
  const secrets = readSecrets(
    {
      ...io.env,
      LATCHKEY_ADMIN_TOKEN: adminToken,
      LATCHKEY_CACHE_KEY: io.env.LATCHKEY_CACHE_KEY ?? adminToken,
    },
    { role: 'all', usesRedis: config.settings.redis.kind === 'url' },
    (message) => tell(`warning: ${message}`),
  )
  // Standard output is for the person who tries it; the log goes to a file.
  const logFile = demoLogFile(config.settings.postgres)
  const log = createLog({ level: 'info', file: logFile })

  tell('Starting the sample upstream, Postgres, gateway and control plane …')
  const { upstream, program } = await startBoth(
    () => startSampleUpstream(config.settings.upstreams, tell),
    () => startProgram({ config, source, role: 'all', secrets, log: log.logger, losses: log.losses, tell }),
  )
  const stop = () => program.stop().then(() => upstream.stop())
  const leave = () => program.leave().then(() => upstream.stop())
  stopOnSignal({ leave, stop, isLingering: program.isLingering }, log)
  const token = adminToken.split(',')[0]?.split(':').at(-1) ?? adminToken
  const keys = await makeDemoKeys(`http://127.0.0.1:${program.controlPort}`, token).catch(
    async (error: unknown) => {
      await stop()
      throw error
    },
  )
  tell(
    banner(keys, { logFile, gatewayPort: program.gatewayPort ?? 0, controlPort: program.controlPort ?? 0 }),
  )
  upstream.show()
  tell('ready')
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

function demoLogFile(postgres: { readonly kind: string; readonly directory?: string }): string {
  const directory = postgres.directory ?? fileURLToPath(new URL('../../../config/.latchkey', import.meta.url))
  return `${directory}/gateway.log`
}

/** Everything that is printed before `ready`. */
function banner(
  keys: Readonly<Record<'reader' | 'refunder' | 'sandbox' | 'documents' | 'revoked', DemoKey>>,
  at: { readonly logFile: string; readonly gatewayPort: number; readonly controlPort: number },
): string {
  const base = `http://127.0.0.1:${at.gatewayPort}`
  const payments = `-H 'Host: api.flintn.com'`
  const rows: [string, string][] = [
    [
      '200  a key that may read',
      `curl -i ${payments} -H 'X-Api-Key: ${keys.reader.secret}' ${base}/v1/transactions/txn_1001`,
    ],
    ['200  no key needed', `curl -i ${payments} ${base}/v1/status`],
    ['401  no key', `curl -i ${payments} ${base}/v1/transactions/txn_1001`],
    [
      '401  a revoked key',
      `curl -i ${payments} -H 'X-Api-Key: ${keys.revoked.secret}' ${base}/v1/transactions/txn_1001`,
    ],
    [
      '403  reading is not refunding',
      `curl -i -X POST ${payments} -H 'X-Api-Key: ${keys.reader.secret}' ${base}/v1/transactions/txn_1001/refund`,
    ],
    [
      'a key that may refund',
      `curl -i -X POST ${payments} -H 'X-Api-Key: ${keys.refunder.secret}' -H 'Content-Type: application/json' -d '{"amount":500}' ${base}/v1/transactions/txn_1001/refund`,
    ],
    [
      '200  sandbox ("livemode": false)',
      `curl -i -H 'Host: sandbox.api.flintn.com' -H 'X-Api-Key: ${keys.sandbox.secret}' ${base}/v1/transactions/txn_1001`,
    ],
    [
      '401  a sandbox key on the live host',
      `curl -i ${payments} -H 'X-Api-Key: ${keys.sandbox.secret}' ${base}/v1/transactions/txn_1001`,
    ],
    [
      '200  the other API, with a bearer key',
      `curl -i -H 'Host: api.flint.com' -H 'Authorization: Bearer ${keys.documents.secret}' ${base}/documents`,
    ],
  ]
  const lines = rows.map(([title, command]) => `# ${title}\n${command}\n`)
  return [
    '',
    `gateway        ${base}`,
    `control plane  http://127.0.0.1:${at.controlPort}   (/readyz, /metrics, /admin/v1)`,
    `log            ${at.logFile}`,
    '',
    ...lines,
    'What the upstream sees of each request is printed below. Ctrl-C stops everything.',
  ].join('\n')
}
