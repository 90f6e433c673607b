// Finds a Redis server program. No npm package ships one.

import { delimiter, join } from 'node:path'
import { isExecutable, libraryEnv, packageFolder, runs, unpackPackage } from './apt-package.ts'

const names = ['redis-server', 'valkey-server']

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
  const target = packageFolder('redis')
  return (await unpacked(target)) ?? (await unpackFromApt(target))
}

async function unpackFromApt(target: string): Promise<RedisProgram> {
  const reasons: string[] = []
  for (const name of names) {
    const reason = await unpackPackage(name, target).catch((error: unknown) => String(error))
    const program = await unpacked(target)
    if (program !== undefined) return program
    reasons.push(reason ?? `${name} does not run`)
  }
  throw new Error(
    'no Redis for the tests. Do one of these: `docker compose run -d --rm -p 127.0.0.1:6379:6379 redis` and set ' +
      'LATCHKEY_TEST_REDIS_URL=redis://127.0.0.1:6379; `brew install redis`; `sudo apt-get install redis-server`.\n' +
      `(No redis-server or valkey-server on the PATH; and: ${reasons.join('; ')})`,
  )
}

async function unpacked(target: string): Promise<RedisProgram | undefined> {
  const env = libraryEnv(target)
  for (const name of names) {
    const file = join(target, 'usr', 'bin', name)
    if (await runs(file, ['--version'], env)) return { file, env }
  }
  return undefined
}
