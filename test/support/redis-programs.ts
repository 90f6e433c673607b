// Finds a Redis server program. No npm package ships one; on Debian and Ubuntu the system's own signed packages are
// unpacked into a folder of the checkout, which needs no root and changes nothing in the system.

import { execFile } from 'node:child_process'
import {
  accessSync,
  constants,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  renameSync,
  rmSync,
} from 'node:fs'
import { delimiter, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

const run = promisify(execFile)
const names = ['redis-server', 'valkey-server']
const cache = fileURLToPath(new URL('../../../.cache/', import.meta.url))

export interface RedisProgram {
  file: string
  /** What the program needs in its environment to find its libraries. */
  env: NodeJS.ProcessEnv
}

/** A Redis (or Valkey) server program: on the PATH, unpacked before, or unpacked now. Throws if there is no way. */
export async function findRedis(): Promise<RedisProgram> {
  const folders = [
    ...(process.env['PATH'] ?? '').split(delimiter),
    '/usr/bin',
    '/opt/homebrew/bin',
    '/usr/local/bin',
  ]
  for (const file of folders.flatMap((folder) => names.map((name) => join(folder, name)))) {
    if (isExecutable(file)) return { file, env: {} }
  }
  const target = join(cache, `redis-${process.platform}-${process.arch}`)
  return (await unpacked(target)) ?? (await unpackFromApt(target))
}

async function unpackFromApt(target: string): Promise<RedisProgram> {
  const reasons: string[] = []
  if (!existsSync('/usr/bin/apt-get')) reasons.push('this is no Debian or Ubuntu')
  else {
    for (const name of names) {
      const reason = await download(name, target).catch((error: unknown) => String(error))
      const program = await unpacked(target)
      if (program !== undefined) return program
      reasons.push(reason ?? `${name} does not run`)
    }
  }
  throw new Error(
    'no Redis for the tests. Do one of these: `docker compose run -d --rm -p 127.0.0.1:6379:6379 redis` and set ' +
      'LATCHKEY_TEST_REDIS_URL=redis://127.0.0.1:6379; `brew install redis`; `sudo apt-get install redis-server`.\n' +
      `(No redis-server or valkey-server on the PATH; and: ${reasons.join('; ')})`,
  )
}

// `install --download-only` rather than `download`: apt itself works out which libraries this system lacks, and it
// checks the archive's signatures as for any installation.
async function download(name: string, target: string): Promise<undefined> {
  mkdirSync(cache, { recursive: true })
  const draft = mkdtempSync(join(cache, 'unpacking-'))
  try {
    const archives = join(draft, 'cache', 'archives')
    for (const folder of [join(draft, 'lists', 'partial'), join(archives, 'partial')]) {
      mkdirSync(folder, { recursive: true })
    }
    const options = [
      `Dir::State::Lists=${join(draft, 'lists')}`,
      `Dir::Cache=${join(draft, 'cache')}`,
      // The system's lock is root's; nothing of the system is changed.
      'Debug::NoLocking=1',
      `APT::Sandbox::User=${process.getuid?.() === 0 ? 'root' : ''}`,
    ].flatMap((option) => ['-o', option])
    // One broken source among many makes this fail; whether ours was read shows in the next step.
    await run('apt-get', [...options, '-q', 'update']).catch(() => {})
    await run('apt-get', [
      ...options,
      '-q',
      '-y',
      '--no-install-recommends',
      '--download-only',
      'install',
      name,
    ])
    const tree = join(draft, 'tree')
    for (const file of readdirSync(archives).filter((entry) => entry.endsWith('.deb'))) {
      await run('dpkg', ['-x', join(archives, file), tree])
    }
    rmSync(target, { recursive: true, force: true })
    renameSync(tree, target)
  } finally {
    rmSync(draft, { recursive: true, force: true })
  }
}

async function unpacked(target: string): Promise<RedisProgram | undefined> {
  const libraries = ['lib', 'usr/lib'].flatMap((folder) => {
    const path = join(target, folder)
    return existsSync(path) ? [path, ...readdirSync(path).map((name) => join(path, name))] : []
  })
  const env = { LD_LIBRARY_PATH: libraries.join(':') }
  for (const name of names) {
    const file = join(target, 'usr', 'bin', name)
    // Asked rather than looked at: the cache may have been filled on another system.
    const isUsable =
      isExecutable(file) && (await run(file, ['--version'], { env }).then(Boolean, () => false))
    if (isUsable) return { file, env }
  }
  return undefined
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK)
    return true
  } catch {
    return false
  }
}
