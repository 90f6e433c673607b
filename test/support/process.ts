// The program as a process of its own: for what only shows there, such as memory, descriptors and signals.

import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

export const mainProgram = fileURLToPath(new URL('../../src/main.js', import.meta.url))

export interface RunningProcess {
  readonly child: ChildProcess
  readonly gatewayPort: number
  readonly controlPort: number
  /** All output so far, standard error behind standard output. */
  output(): string
  /** Resident memory in MiB. */
  residentMiB(): number
  /** Open file descriptors. */
  descriptors(): number
  /** SIGTERM, then the exit code. */
  stop(): Promise<number | null>
}

interface Ready {
  readonly gatewayPort: number | null
  readonly controlPort: number
}

/**
 * Runs `latchkey start`; resolves when it says that it is ready, rejects with its output when it ends before. `limits` goes
 * to the shell's `ulimit`.
 */
export async function startProcess(
  args: readonly string[],
  env: Readonly<Record<string, string>>,
  says = 'ready',
  limits = '',
): Promise<RunningProcess> {
  const command = limits === '' ? 'exec "$0" "$@"' : `ulimit ${limits}; exec "$0" "$@"`
  const child = spawn('sh', ['-c', command, process.execPath, mainProgram, 'start', ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { PATH: process.env['PATH'] ?? '', ...env },
  })
  let out = ''
  let err = ''
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    err += text
  })
  let isReady = false
  const ready = await new Promise<Ready>((resolve, reject) => {
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      out += text
      if (isReady) return
      const line = out.split('\n').find((candidate) => candidate.includes(`"msg":"${says}"`))
      if (line === undefined) return
      isReady = true
      resolve(JSON.parse(line))
    })
    child.once('exit', (code) => reject(new Error(`ended with ${code}: ${out}${err}`)))
  })
  const proc = (file: string) => readFileSync(`/proc/${child.pid}/${file}`, 'utf8')
  return {
    child,
    gatewayPort: ready.gatewayPort ?? 0,
    controlPort: ready.controlPort,
    output: () => out + err,
    residentMiB: () => Number(/VmRSS:\s+(\d+) kB/.exec(proc('status'))?.[1]) / 1024,
    descriptors: () => readdirSync(`/proc/${child.pid}/fd`).length,
    async stop() {
      if (child.exitCode !== null || child.signalCode !== null) return child.exitCode
      const ended = once(child, 'exit')
      child.kill('SIGTERM')
      await ended
      return child.exitCode
    },
  }
}
