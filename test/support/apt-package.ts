// Programs that no npm package ships: on Debian and Ubuntu the system's own signed packages are unpacked into a folder
// of the checkout, which needs no root and changes nothing in the system.

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
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

const run = promisify(execFile)
const cache = fileURLToPath(new URL('../../../.cache/', import.meta.url))

/** The folder that a package is unpacked to. */
export function packageFolder(name: string): string {
  return join(cache, `${name}-${process.platform}-${process.arch}`)
}

/** What programs in such a folder need in their environment to find their libraries. */
export function libraryEnv(folder: string): { LD_LIBRARY_PATH: string } {
  const libraries = ['lib', 'usr/lib'].flatMap((part) => {
    const path = join(folder, part)
    return existsSync(path) ? [path, ...readdirSync(path).map((name) => join(path, name))] : []
  })
  return { LD_LIBRARY_PATH: libraries.join(':') }
}

/**
 * Unpacks a package, or several into one folder, with all that this system lacks for them. By `install --download-only`
 * rather than `download`: apt itself works out which libraries are missing, and checks the archive's signatures as for
 * any installation.
 */
export async function unpackPackage(name: string | readonly string[], folder: string): Promise<void> {
  if (!existsSync('/usr/bin/apt-get')) throw new Error('this is no Debian or Ubuntu')
  mkdirSync(cache, { recursive: true })
  const draft = mkdtempSync(join(cache, 'unpacking-'))
  try {
    const archives = join(draft, 'cache', 'archives')
    for (const part of [join(draft, 'lists', 'partial'), join(archives, 'partial')]) {
      mkdirSync(part, { recursive: true })
    }
    const options = aptOptions(draft)
    // One broken source among many makes this fail; whether ours was read shows in the next step.
    await run('apt-get', [...options, '-q', 'update']).catch(() => {})
    const install = ['-q', '-y', '--no-install-recommends', '--download-only', 'install'].concat(name)
    await run('apt-get', [...options, ...install])
    const tree = join(draft, 'tree')
    for (const file of readdirSync(archives).filter((entry) => entry.endsWith('.deb'))) {
      await run('dpkg', ['-x', join(archives, file), tree])
    }
    rmSync(folder, { recursive: true, force: true })
    renameSync(tree, folder)
  } finally {
    rmSync(draft, { recursive: true, force: true })
  }
}

function aptOptions(draft: string): string[] {
  return [
    `Dir::State::Lists=${join(draft, 'lists')}`,
    `Dir::Cache=${join(draft, 'cache')}`,
    // The system's lock is root's; nothing of the system is changed.
    'Debug::NoLocking=1',
    `APT::Sandbox::User=${process.getuid?.() === 0 ? 'root' : ''}`,
  ].flatMap((option) => ['-o', option])
}

/** Whether a program is there and runs; asked rather than looked at, as the cache may have been filled elsewhere. */
export async function runs(file: string, args: readonly string[], env: NodeJS.ProcessEnv): Promise<boolean> {
  return isExecutable(file) && run(file, [...args], { env }).then(Boolean, () => false)
}

export function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK)
    return true
  } catch {
    return false
  }
}
