// Where the embedded database lives and as whom it runs. Postgres refuses to run as root, and a folder below root's
// home (0700) cannot be entered by anybody else: so as root it gets a folder of its own and an unprivileged user.

import { createHash } from 'node:crypto'
import { chmodSync, lstatSync, mkdirSync, readFileSync, realpathSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, dirname, join } from 'node:path'

/** The user that the database's processes run as. */
export interface Owner {
  uid: number
  gid: number
}

export interface Place {
  /** Absolute, without symbolic links. Ours alone to write to. */
  home: string
  /** undefined: the user that runs this process. */
  owner: Owner | undefined
}

/**
 * The place of the database that belongs to `directory`; makes the folders.
 * As an ordinary user: `<directory>/postgres`. As root: `/var/lib/latchkey-demo-<hash of directory>` (or the same name
 * under the folder for temporary files), owned by root, entered by all; only the data in it belongs to the database's user.
 */
export function choosePlace(directory: string): Place {
  mkdirSync(directory, { recursive: true, mode: 0o700 })
  const real = realpathSync(directory)
  if (process.getuid?.() !== 0) {
    const home = join(real, 'postgres')
    mkdirSync(home, { recursive: true, mode: 0o700 })
    return { home, owner: undefined }
  }
  const hash = createHash('sha256').update(real).digest('hex').slice(0, 12)
  const parent = ['/var/lib', tmpdir(), '/tmp'].find(isReachableByAll)
  if (parent === undefined) throw new Error('no folder that an unprivileged user can enter: /var/lib, /tmp')
  const home = join(realpathSync(parent), `latchkey-demo-${hash}`)
  makeRootFolder(home)
  return { home, owner: unprivilegedUser() }
}

/** Whether every user can enter `path` and all folders above it. */
export function isReachableByAll(path: string): boolean {
  try {
    for (let at = realpathSync(path); ; at = dirname(at)) {
      if ((statSync(at).mode & 0o001) === 0) return false
      if (at === dirname(at)) return true
    }
  } catch {
    return false
  }
}

/** The user for the database where this process is root: `nobody`, else `postgres`. Throws if the system has neither. */
export function unprivilegedUser(): Owner {
  // Not `postgres` first: on a machine with a database of its own that user can read the real data.
  const users = readFileSync('/etc/passwd', 'utf8')
    .split('\n')
    .map((line) => line.split(':'))
  for (const name of ['nobody', 'postgres', '_postgres']) {
    const [, , uid, gid] = users.find((fields) => fields[0] === name) ?? []
    if (uid !== undefined && gid !== undefined && Number(uid) !== 0) {
      // initdb looks its user up by name, so a bare number that /etc/passwd does not list would not do.
      return { uid: Number(uid) >>> 0, gid: Number(gid) >>> 0 }
    }
  }
  throw new Error('Postgres does not run as root, and /etc/passwd has neither `nobody` nor `postgres`')
}

// The parent may be writable by all (/tmp): whatever stands there under our guessable name must be a true folder that
// root made, or somebody could have us write into a folder, or through a link, of their choice.
function makeRootFolder(path: string): void {
  try {
    mkdirSync(path, { mode: 0o711 })
    chmodSync(path, 0o711)
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error
  }
  const found = lstatSync(path)
  if (!found.isDirectory() || found.uid !== 0 || (found.mode & 0o022) !== 0) {
    throw new Error(
      `${path} (${basename(path)}) was not made by root for the embedded database: remove it and start again`,
    )
  }
}
