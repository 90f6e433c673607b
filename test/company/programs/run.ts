// Runs a program that listens on a port, for as long as a test lasts, and no longer than the test's own process, however
// that ends.

import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { stablePort } from '../../support/stable-port.ts'
import { have, type Program, type Source } from './have.ts'

/** What a program needs to know of where it runs. */
export interface Place {
  /** To listen on, on 127.0.0.1. */
  readonly port: number
  /** An empty folder of its own. */
  readonly folder: string
  readonly program: Program
}

export interface Command {
  /** Instead of the program itself. */
  readonly file?: string
  readonly args: readonly string[]
  readonly env?: NodeJS.ProcessEnv
  /** To be written into its folder before it starts: path → text. */
  readonly files?: Readonly<Record<string, string>>
}

export interface Listening {
  readonly port: number
  readonly folder: string
  /** What it has written so far. */
  output(): string
}

export interface Teardown {
  teardown(fn: () => Promise<void>): unknown
}

/** A file of test/company/apps, also from the build. */
export function appFile(name: string): string {
  return fileURLToPath(new URL(`../../../../test/company/apps/${name}`, import.meta.url))
}

/** Starts it and waits until it takes connections; ended with the test. Throws with its output if it ends before. */
export async function listen(
  t: Teardown,
  source: Source,
  commandFor: (place: Place) => Command,
): Promise<Listening> {
  const program = await have(source)
  const folder = mkdtempSync(join(tmpdir(), 'latchkey-company-'))
  const port = await stablePort()
  const { file = program.file, args, env, files = {} } = commandFor({ port, folder, program })
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true })
    writeFileSync(join(folder, path), text, { mode: 0o755 })
  }
  const child = spawn('/bin/sh', ['-c', watched, file, ...args], {
    cwd: folder,
    env: { ...process.env, ...program.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe', 'pipe'],
    // A group of its own, so that its workers end with it.
    detached: true,
  })
  let output = ''
  const keep = (chunk: Buffer): void => {
    output = (output + chunk.toString()).slice(-4_000)
  }
  child.stdout?.on('data', keep)
  child.stderr?.on('data', keep)
  const ended = new Promise<string>((resolve) => {
    child.once('error', (error) => resolve(String(error)))
    child.once('exit', (code, signal) => resolve(`ended with ${code ?? signal}`))
  })
  const end = (): void => killGroup(child)
  process.once('exit', end)
  t.teardown(async () => {
    process.removeListener('exit', end)
    end()
    await ended
    rmSync(folder, { recursive: true, force: true, maxRetries: 5 })
  })
  const trouble = await Promise.race([ended, untilListening(port)])
  if (trouble !== undefined) throw new Error(`${file}: ${trouble}: ${output}`)
  return { port, folder, output: () => output }
}

/**
 * Beside the program waits a shell for the end of a pipe that this process holds, and then ends their group: nobody else
 * would, where this process is killed.
 */
const watched = '{ read -r _ <&3; kill -KILL 0; } & exec "$0" "$@" 3<&-'

function killGroup(child: ChildProcess): void {
  try {
    if (child.pid !== undefined) process.kill(-child.pid, 'SIGKILL')
  } catch {
    // Gone already.
  }
}

async function untilListening(port: number): Promise<string | undefined> {
  for (let i = 0; i < 1_500; i++) {
    if (await accepts(port)) return undefined
    await sleep(20)
  }
  return 'takes no connection'
}

async function accepts(port: number): Promise<boolean> {
  const socket = connect(port, '127.0.0.1')
  try {
    await once(socket, 'connect')
    return true
  } catch {
    return false
  } finally {
    socket.destroy()
  }
}
