// Finds promtool, which judges rules as Prometheus does.

import { delimiter, join } from 'node:path'
import { isExecutable, libraryEnv, packageFolder, runs, unpackPackage } from './apt-package.ts'

export interface PromtoolProgram {
  readonly file: string
  readonly env: NodeJS.ProcessEnv
}

/** A promtool in `folders`, unpacked before, or unpacked now. Throws if there is no way. */
export async function findPromtool(folders: readonly string[] = installed()): Promise<PromtoolProgram> {
  for (const file of folders.map((folder) => join(folder, 'promtool'))) {
    if (isExecutable(file)) return { file, env: {} }
  }
  const target = packageFolder('prometheus')
  const program = await unpacked(target)
  if (program !== undefined) return program
  const reason = await unpackPackage('prometheus', target).catch((error: unknown) => String(error))
  const fresh = await unpacked(target)
  if (fresh !== undefined) return fresh
  throw new Error(
    'no promtool for the tests of docs/prometheus-rules.yaml. Do one of these: `sudo apt-get install prometheus`; ' +
      '`brew install prometheus`; put the promtool of a release of Prometheus on the PATH.\n' +
      `(None on the PATH; and: ${reason ?? 'the unpacked one does not run'})`,
  )
}

function installed(): string[] {
  const path = (process.env['PATH'] ?? '').split(delimiter)
  return [...path, '/usr/bin', '/opt/homebrew/bin', '/usr/local/bin']
}

async function unpacked(target: string): Promise<PromtoolProgram | undefined> {
  const env = libraryEnv(target)
  const file = join(target, 'usr', 'bin', 'promtool')
  return (await runs(file, ['--version'], env)) ? { file, env } : undefined
}
