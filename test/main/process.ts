// The program as an operating system's process: started from the built tree, watched, and never left running.

import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'

const main = fileURLToPath(new URL('../../src/main.js', import.meta.url))

export const adminToken = 'test-admin-token-of-more-than-32-characters'
export const cacheKey = 'test-cache-key-of-more-than-32-characters'
export const secrets = { LATCHKEY_ADMIN_TOKEN: adminToken, LATCHKEY_CACHE_KEY: cacheKey }

export interface Running {
  readonly child: ChildProcess
  readonly pid: number
  stdout(): string
  stderr(): string
  /** Resolves when it has ended and all of its output is here. */
  readonly ended: Promise<{ code: number | null; signal: NodeJS.Signals | null }>
}

interface Teardown {
  teardown(fn: () => Promise<void> | void): unknown
}

/** Starts `latchkey …`, with nothing of this process's settings in its environment but what is given. */
export function latchkey(
  t: Teardown,
  words: readonly string[],
  env: NodeJS.ProcessEnv = {},
  node = process.execPath,
): Running {
  const child = spawn(node, [main, ...words], {
    env: { ...withoutSettings(process.env), ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const output = { stdout: '', stderr: '' }
  for (const name of ['stdout', 'stderr'] as const) {
    child[name].setEncoding('utf8').on('data', (text: string) => (output[name] += text))
  }
  const ended = once(child, 'close').then(([code, signal]) => ({ code, signal }))
  t.teardown(async () => {
    if (child.exitCode === null && child.signalCode === null) child.kill('SIGKILL')
    await ended
  })
  return { child, pid: child.pid ?? 0, stdout: () => output.stdout, stderr: () => output.stderr, ended }
}

function withoutSettings(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const kept = Object.entries(env).filter(([name]) => !/^LATCHKEY_|_URL$|_PORT$|_HOST$/.test(name))
  return Object.fromEntries(kept)
}

export interface Ports {
  readonly gateway: number
  readonly control: number
}

/** Waits for the line of the log that says so. Throws with the output where the process ends before it. */
export async function untilReady(running: Running): Promise<Ports> {
  let hasEnded = false
  void running.ended.then(() => (hasEnded = true))
  for (;;) {
    for (const line of running.stdout().split('\n').slice(0, -1)) {
      const entry = fieldsOf(line)
      if (entry['msg'] === 'ready') {
        return { gateway: Number(entry['gatewayPort'] ?? 0), control: Number(entry['controlPort']) }
      }
    }
    if (hasEnded) throw new Error(`It ended: ${running.stderr()}${running.stdout()}`)
    await sleep(5)
  }
}

function fieldsOf(line: string): Record<string, unknown> {
  try {
    return { ...Object(JSON.parse(line)) }
  } catch {
    return {}
  }
}

/** Polls what nobody tells of. */
export async function until(isSo: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await isSo())) await sleep(20)
}

export interface Health {
  readonly status: number
  readonly body: Record<string, unknown>
}

/** GET on the control port; status 0 where nobody listens. */
export async function probe(port: number, path = '/readyz'): Promise<Health> {
  try {
    const response = await fetch(`http://127.0.0.1:${port}${path}`)
    const text = await response.text()
    return { status: response.status, body: fieldsOf(text) }
  } catch {
    return { status: 0, body: {} }
  }
}

export interface Places {
  readonly postgres: string
  readonly redis?: string
  readonly upstream?: string
  readonly gatewayPort?: number
  readonly controlPort?: number
}

/** Writes the files of a small configuration; returns the gateway file. */
export async function writeConfig(t: Teardown, places: Places): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'latchkey-process-'))
  t.teardown(() => rm(folder, { recursive: true, force: true }))
  const table = 'permissions: { a.read: Read }\nroutes:\n  GET /v1/a: a.read\n  GET /v1/open: public\n'
  await writeFile(join(folder, 'permissions.yaml'), table)
  const file = join(folder, 'gateway.yaml')
  await writeFile(
    file,
    `gateway: { host: 127.0.0.1, port: ${places.gatewayPort ?? 0} }
control: { host: 127.0.0.1, port: ${places.controlPort ?? 0} }
postgres: ${places.postgres}
redis: ${places.redis ?? 'none'}
upstreams:
  live: { url: "${places.upstream ?? 'http://127.0.0.1:1'}" }
  sandbox: { url: "http://127.0.0.1:2" }
apis:
  demo:
    credential: { header: X-Api-Key }
    environments:
      live: { hosts: [api.example.com], prefix: live_, upstream: live }
      sandbox: { hosts: [sandbox.example.com], prefix: test_, upstream: sandbox }
    permissions: permissions.yaml
`,
  )
  return file
}

export const keyOfDemo = { api: 'demo', permissions: ['a.read'] }
