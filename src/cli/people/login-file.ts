// Where `latchkey login` keeps its tokens: one file of the user's, by the address that each is for, so that none is ever shown to
// another. Read and written whole; one that others may read is not used, as it may be known to them.

import { randomBytes } from 'node:crypto'
import {
  closeSync,
  fchmodSync,
  fstatSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  unlinkSync,
  writeSync,
} from 'node:fs'
import { dirname, isAbsolute, join } from 'node:path'
import { type Static, Type } from 'typebox'
import { Check } from 'typebox/value'
import { CliError } from '../errors.ts'
import { exitCodes } from '../exit.ts'
import type { CliIo } from '../io.ts'

const Login = Type.Object({ token: Type.String(), email: Type.String(), expires_at: Type.String() })
export type Login = Static<typeof Login>

const Logins = Type.Object({
  /** The address of the newest one: where nothing else is said, it is meant. */
  current: Type.Union([Type.String(), Type.Null()]),
  logins: Type.Record(Type.String(), Login),
})
export type Logins = Static<typeof Logins>

const none: Logins = { current: null, logins: {} }

/** Of the user who runs it (XDG Base Directory); undefined: there is no place for it. */
export function loginPath({ XDG_CONFIG_HOME: config, HOME, USERPROFILE }: CliIo['env']): string | undefined {
  // What is not absolute there is to be ignored.
  if (config !== undefined && isAbsolute(config)) return join(config, 'latchkey', 'logins.json')
  const home = HOME || USERPROFILE
  return home === undefined || !isAbsolute(home)
    ? undefined
    : join(home, '.config', 'latchkey', 'logins.json')
}

/** Throws CliError (failed) where others may read it, or it is none. */
export function readLogins(env: CliIo['env']): Logins {
  const path = loginPath(env)
  const text = path === undefined ? undefined : textOf(path)
  if (path === undefined || text === undefined) return none
  const logins = parsed(text)
  if (logins === undefined)
    throw new CliError(`${path} is no file of \`latchkey login\``, exitCodes.failed, [
      'Remove it, and sign in again.',
    ])
  return logins
}

/** As a whole, or not at all: whoever reads meanwhile reads the one before. Throws CliError (failed). */
export function writeLogins(env: CliIo['env'], logins: Logins): void {
  const path = loginPath(env)
  if (path === undefined)
    throw new CliError('neither XDG_CONFIG_HOME nor HOME says where to keep the login', exitCodes.failed)
  const beside = `${path}.${process.pid}.${randomBytes(4).toString('hex')}`
  try {
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 })
    const file = openSync(beside, 'wx', 0o600)
    try {
      fchmodSync(file, 0o600)
      writeSync(file, `${JSON.stringify(logins, null, 2)}\n`)
      fsyncSync(file)
    } finally {
      closeSync(file)
    }
    renameSync(beside, path)
  } catch (error) {
    tryRemove(beside)
    throw new CliError(`cannot keep the login in ${path} (${codeOf(error)})`, exitCodes.failed)
  }
}

/** undefined: there is none. */
function textOf(path: string): string | undefined {
  let file: number
  try {
    file = openSync(path, 'r')
  } catch (error) {
    if (codeOf(error) === 'ENOENT' || codeOf(error) === 'ENOTDIR') return undefined
    throw new CliError(`cannot read ${path} (${codeOf(error)})`, exitCodes.failed)
  }
  try {
    refuseOthers(path, file)
    return readFileSync(file, 'utf8')
  } finally {
    closeSync(file)
  }
}

/** What is looked at is the file that is read, whatever stands at its path by then. */
function refuseOthers(path: string, file: number): void {
  const { mode, uid } = fstatSync(file)
  const own = process.geteuid?.()
  // Windows has rights of another kind.
  if (own === undefined) return
  if (uid !== own)
    throw new CliError(`${path} belongs to another user: it is not used`, exitCodes.failed, [
      'Remove it, and sign in again.',
    ])
  if ((mode & 0o077) === 0) return
  const rights = (mode & 0o777).toString(8).padStart(4, '0')
  throw new CliError(`${path} is open to others (${rights}): it is not used`, exitCodes.failed, [
    `Who could read it may have the token: end that session in the hub, below Account. Then \`chmod 600 ${path}\`, or remove it, and sign in again.`,
  ])
}

function parsed(text: string): Logins | undefined {
  try {
    const value: unknown = JSON.parse(text)
    return Check(Logins, value) ? value : undefined
  } catch {
    return undefined
  }
}

function tryRemove(path: string): void {
  try {
    unlinkSync(path)
  } catch {
    // It was not made.
  }
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : 'unknown'
}
