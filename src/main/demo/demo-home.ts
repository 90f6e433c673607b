// Where the demo keeps what it makes: beside its configuration; where that folder is not ours to write to (a package that
// root installed), in the user's own, with a copy of the configuration that can be edited.

import { accessSync, constants, cpSync, mkdirSync } from 'node:fs'
import { homedir } from 'node:os'
import { dirname, isAbsolute, join } from 'node:path'

export interface HomeOptions {
  readonly env: Readonly<Record<string, string | undefined>>
  readonly canWrite: (folder: string) => boolean
}

/** The gateway file to run with: the shipped one, or a copy of it. Files that are copied already stay as they are. */
export function chooseDemoConfig(shipped: string, { env, canWrite }: HomeOptions): string {
  const folder = dirname(shipped)
  if (canWrite(folder)) return shipped
  const copy = join(dataHome(env), 'latchkey', 'demo')
  mkdirSync(copy, { recursive: true, mode: 0o700 })
  cpSync(folder, copy, {
    recursive: true,
    force: false,
    // What somebody who could write there has made is theirs.
    filter: (path) => !path.slice(folder.length).includes('.latchkey'),
  })
  return shipped.replace(folder, copy)
}

/** Whether this process may make files in a folder. */
export function canWrite(folder: string): boolean {
  try {
    accessSync(folder, constants.W_OK)
    return true
  } catch {
    return false
  }
}

/** The XDG Base Directory Specification has relative paths ignored. */
function dataHome(env: HomeOptions['env']): string {
  const { XDG_DATA_HOME: asked, HOME: home = homedir() } = env
  return asked !== undefined && isAbsolute(asked) ? asked : join(home, '.local', 'share')
}
