// Makes the data folder of a private Postgres, once. Only whole ones count: `initdb` works under another name, and the
// folder gets its final name when it is done, so one that was killed half-way is simply made again.

import { spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import {
  chownSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { ProgramFolder } from './binaries.ts'
import type { Place } from './place.ts'

/** For how long an orphan is waited for. */
const growingMs = 10_000

/** The superuser's name. */
export const superuser = 'latchkey'

export interface Cluster {
  programs: ProgramFolder
  /** The data folder. */
  data: string
  place: Place
  /** Of the superuser; also in `<home>/password`, readable by our own user alone. */
  password: string
}

/**
 * The database cluster in `<home>/data`: made with `initdb` (UTF8, C locale, scram passwords) if it is not there yet.
 * The caller holds the lock of the place. Throws if `initdb` fails or another major version of Postgres made the data.
 */
export async function prepareCluster(place: Place, programs: ProgramFolder): Promise<Cluster> {
  const data = join(place.home, 'data')
  const passwordFile = join(place.home, 'password')
  await removeUnfinished(place.home)
  // Without its password a data folder cannot be entered any more; both are made anew, as after a removal by hand.
  if (!existsSync(data)) {
    const password = randomBytes(24).toString('base64url')
    writeFileSync(passwordFile, password, { mode: 0o600 })
    await initialise({ place, programs, password, data })
  }
  if (!existsSync(passwordFile))
    throw new Error(`${passwordFile} is missing: remove ${place.home} to begin anew`)
  await refuseOtherVersion(data, programs)
  return { programs, data, place, password: readFileSync(passwordFile, 'utf8') }
}

/** The environment for Postgres' programs: none of ours, because PGPORT, PGDATA, LC_ALL and the like would steer them. */
export function cleanEnvironment(): NodeJS.ProcessEnv {
  return { PATH: process.env['PATH'] ?? '/usr/bin:/bin', LC_ALL: 'C' }
}

async function initialise({ place, programs, password, data }: Cluster): Promise<void> {
  const tag = `${process.pid}-${randomBytes(4).toString('hex')}`
  const draft = join(place.home, `unfinished-${tag}`)
  const secretFile = join(place.home, `unfinished-password-${tag}`)
  mkdirSync(draft, { mode: 0o700 })
  writeFileSync(secretFile, password, { flag: 'wx', mode: 0o600 })
  for (const path of [draft, secretFile]) {
    if (place.owner !== undefined) chownSync(path, place.owner.uid, place.owner.gid)
  }
  // No sync: the cluster is new and empty, and one lost with the machine's power would be made again by hand.
  const options = ['--encoding=UTF8', '--locale=C', '--auth=scram-sha-256', '--no-sync', '--no-instructions']
  const args = ['-D', draft, '-U', superuser, `--pwfile=${secretFile}`, ...options]
  try {
    await run({ file: join(programs, 'initdb'), args, place })
    renameSync(draft, data)
  } finally {
    rmSync(secretFile, { force: true })
    rmSync(draft, { recursive: true, force: true })
  }
}

async function removeUnfinished(home: string): Promise<void> {
  for (const name of readdirSync(home)) {
    if (name.startsWith('unfinished-')) await removeGrowing(join(home, name))
  }
}

/** The `initdb` of a program that was killed goes on for a moment, and may put files where others have just been removed. */
async function removeGrowing(path: string): Promise<void> {
  const until = performance.now() + growingMs
  for (;;) {
    try {
      return rmSync(path, { recursive: true, force: true })
    } catch (error) {
      if (Object(error).code !== 'ENOTEMPTY' || performance.now() > until) throw error
    }
    await sleep(20)
  }
}

async function refuseOtherVersion(data: string, programs: ProgramFolder): Promise<void> {
  const made = String(Number.parseInt(readFileSync(join(data, 'PG_VERSION'), 'utf8'), 10))
  const place = { home: data, owner: undefined }
  const about = await run({ file: join(programs, 'postgres'), args: ['--version'], place })
  const ours = /\(PostgreSQL\) (\d+)/.exec(about)?.[1]
  if (made !== ours) {
    throw new Error(
      `${data} was made by Postgres ${made} and the programs are of ${ours}: remove that folder to begin anew`,
    )
  }
}

interface Run {
  file: string
  args: string[]
  place: Place
}

function run({ file, args, place }: Run): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn(file, args, {
      cwd: place.home,
      env: cleanEnvironment(),
      stdio: ['ignore', 'pipe', 'pipe'],
      ...place.owner,
    })
    let output = ''
    child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()))
    child.stderr.on('data', (chunk: Buffer) => (output += chunk.toString()))
    child.on('error', reject)
    child.on('close', (code, signal) => {
      if (code === 0) resolve(output)
      else reject(new Error(`${file} ended with ${code ?? signal}: ${output.slice(-2000).trim()}`))
    })
  })
}
