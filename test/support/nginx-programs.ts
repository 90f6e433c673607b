// Finds an nginx.

import { delimiter, join } from 'node:path'
import { isExecutable, libraryEnv, packageFolder, runs, unpackPackage } from './apt-package.ts'

export interface NginxProgram {
  readonly file: string
  readonly env: NodeJS.ProcessEnv
}

/** An nginx in `folders`, unpacked before, or unpacked now. Throws if there is no way. */
export async function findNginx(folders: readonly string[] = installed()): Promise<NginxProgram> {
  for (const file of folders.map((folder) => join(folder, 'nginx'))) {
    if (isExecutable(file)) return { file, env: {} }
  }
  const target = packageFolder('nginx')
  const program = await unpacked(target)
  if (program !== undefined) return program
  const reason = await unpackPackage('nginx', target).catch((error: unknown) => String(error))
  const fresh = await unpacked(target)
  if (fresh !== undefined) return fresh
  throw new Error(
    'no nginx for the tests. Do one of these: `sudo apt-get install nginx`; `brew install nginx`.\n' +
      `(None on the PATH; and: ${reason ?? 'the unpacked one does not run'})`,
  )
}

function installed(): string[] {
  const path = (process.env['PATH'] ?? '').split(delimiter)
  return [...path, '/usr/sbin', '/opt/homebrew/bin', '/usr/local/sbin', '/usr/local/bin']
}

async function unpacked(target: string): Promise<NginxProgram | undefined> {
  const env = libraryEnv(target)
  const file = join(target, 'usr', 'sbin', 'nginx')
  return (await runs(file, ['-v'], env)) ? { file, env } : undefined
}
