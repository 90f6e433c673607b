// A PgBouncer of a test's own, with the configuration that the documentation gives.

import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { delimiter, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { freePort } from '../../src/store/embedded/postmaster.ts'
import { isExecutable, libraryEnv, packageFolder, runs, unpackPackage } from './apt-package.ts'
import { serviceParent } from './service.ts'

export const poolModes = ['session', 'transaction'] as const
export type PoolMode = (typeof poolModes)[number]

export interface Pgbouncer {
  readonly port: number
  /** As the program calls itself, such as `1.18.0`. */
  readonly version: string
  /** The same database by way of it. */
  url(direct: string): string
  stop(): Promise<void>
}

const shippedIni = fileURLToPath(new URL('../../../docs/pgbouncer.ini', import.meta.url))

/** Starts one in front of the server of `serverUrl`, whose user it knows. `settings`: lines in place of the shipped ones. */
export async function startPgbouncer(
  serverUrl: string,
  mode: PoolMode,
  settings: Readonly<Record<string, string | number>> = {},
): Promise<Pgbouncer> {
  const { file, env } = await findPgbouncer()
  const folder = mkdtempSync(join(serviceParent(), 'latchkey-pgbouncer-'))
  chmodSync(folder, 0o755)
  const { username, password, hostname, port: serverPort } = new URL(serverUrl)
  const port = await freePort()
  const users = join(folder, 'userlist.txt')
  writeFileSync(users, `"${username}" "${decodeURIComponent(password)}"\n`)
  const isRoot = process.getuid?.() === 0
  const ini = withSettings(readFileSync(shippedIni, 'utf8'), {
    listen_port: port,
    auth_file: users,
    pool_mode: mode,
    unix_socket_dir: '',
    ...(isRoot && { user: 'nobody' }),
    ...settings,
  }).replace(/^latchkey = .*$/m, `* = host=${hostname} port=${serverPort}`)
  const config = join(folder, 'pgbouncer.ini')
  writeFileSync(config, ini)
  const child = spawn(file, ['-q', config], {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let output = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (bytes: Buffer) => (output = (output + bytes.toString()).slice(-4_000)))
  }
  const onExit = (): void => void child.kill('SIGKILL')
  process.once('exit', onExit)
  while (!(await isOpen(port))) {
    if (child.exitCode !== null) throw new Error(`PgBouncer ended with ${child.exitCode}: ${output}`)
    await sleep(20)
  }
  return {
    port,
    version: await versionOf(file, env),
    url(direct) {
      const url = new URL(direct)
      url.port = String(port)
      return url.href
    },
    async stop() {
      process.removeListener('exit', onExit)
      await end(child)
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

/** The text with each setting's line replaced, or added at the end. */
function withSettings(ini: string, settings: Readonly<Record<string, string | number>>): string {
  return Object.entries(settings).reduce((text, [name, value]) => {
    const line = new RegExp(`^${name} = .*$`, 'm')
    return line.test(text) ? text.replace(line, `${name} = ${value}`) : `${text}${name} = ${value}\n`
  }, ini)
}

interface Program {
  readonly file: string
  readonly env: NodeJS.ProcessEnv
}

/** LATCHKEY_TEST_PGBOUNCER, on the PATH, unpacked before, or unpacked now. Throws if there is no way. */
async function findPgbouncer(): Promise<Program> {
  const given = process.env['LATCHKEY_TEST_PGBOUNCER']
  const folders = [
    ...(process.env['PATH'] ?? '').split(delimiter),
    '/usr/sbin',
    '/opt/homebrew/bin',
    '/usr/local/bin',
  ]
  const installed = [...(given ? [given] : []), ...folders.map((folder) => join(folder, 'pgbouncer'))].find(
    isExecutable,
  )
  if (installed !== undefined) return { file: installed, env: {} }
  const target = packageFolder('pgbouncer')
  const file = join(target, 'usr', 'sbin', 'pgbouncer')
  const isThere = () => runs(file, ['--version'], libraryEnv(target))
  const failure = (await isThere())
    ? undefined
    : await unpackPackage('pgbouncer', target).catch((error: unknown) => String(error))
  if (await isThere()) return { file, env: libraryEnv(target) }
  throw new Error(
    'no PgBouncer for the tests. Do one of these: `brew install pgbouncer`; `sudo apt-get install pgbouncer`; set ' +
      `LATCHKEY_TEST_PGBOUNCER to the program. (None on the PATH; and: ${failure ?? 'the unpacked one does not run'})`,
  )
}

async function versionOf(file: string, env: NodeJS.ProcessEnv): Promise<string> {
  const child = spawn(file, ['--version'], {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'ignore'],
  })
  let text = ''
  child.stdout.on('data', (bytes: Buffer) => (text += bytes.toString()))
  await once(child, 'close')
  return /PgBouncer (\S+)/.exec(text)?.[1] ?? 'unknown'
}

function isOpen(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => settle(true)).once('error', () => settle(false))
    function settle(is: boolean): void {
      socket.destroy()
      resolve(is)
    }
  })
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const ended = once(child, 'exit')
  child.kill('SIGKILL')
  await ended
}
