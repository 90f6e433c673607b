// A private nginx for tests, on 127.0.0.1: files in locations with alias, slashes merged, uploads by PUT, bodies bounded.

import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { freePort } from '../../src/store/embedded/postmaster.ts'
import { findNginx } from './nginx-programs.ts'

/** A request as nginx saw it. */
export interface NginxRequest {
  readonly method: string
  /** The target as it came. */
  readonly target: string
  /** The path after nginx has decoded and normalised it. */
  readonly path: string
  readonly status: number
  /** Which connection it came on. */
  readonly connection: string
}

export interface NginxService {
  readonly url: string
  readonly port: number
  /** Requests that it has answered so far. */
  requests(): NginxRequest[]
}

export const nginxBodyLimitBytes = 64 * 1024

interface Teardown {
  teardown(fn: () => Promise<void>): unknown
}

/** Starts one that serves `files` (path below /v1/files → content), ended with the test. */
export async function startNginx(
  t: Teardown,
  files: Readonly<Record<string, string>>,
): Promise<NginxService> {
  const folder = mkdtempSync(join(tmpdir(), 'latchkey-nginx-'))
  for (const [path, content] of Object.entries(files)) {
    const place = join(folder, 'www', 'files', path)
    mkdirSync(dirname(place), { recursive: true })
    writeFileSync(place, content)
  }
  const port = await freePort()
  await runNginx(t, { folder, port, http: httpFor(folder, port) })
  return {
    url: `http://127.0.0.1:${port}`,
    port,
    requests: () => readLog(join(folder, 'logs', 'access.log')),
  }
}

interface NginxRun {
  /** Of its own; removed with the test. */
  readonly folder: string
  /** That it listens on. */
  readonly port: number
  /** What stands in the `http` block. */
  readonly http: string
}

/** Runs an nginx in the foreground, ended with the test. */
export async function runNginx(t: Teardown, { folder, port, http }: NginxRun): Promise<void> {
  const { file, env } = await findNginx()
  for (const name of ['temp', 'logs']) mkdirSync(join(folder, name))
  const config = join(folder, 'nginx.conf')
  writeFileSync(config, configFor(folder, http))
  const child = spawn(file, ['-p', folder, '-c', config], {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  const end = () => void child.kill('SIGKILL')
  process.once('exit', end)
  t.teardown(async () => {
    process.removeListener('exit', end)
    const ended = child.exitCode ?? once(child, 'exit')
    end()
    await ended
    rmSync(folder, { recursive: true, force: true })
  })
  await untilUp(child, port)
}

function configFor(folder: string, http: string): string {
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']
    .map((name) => `  ${name}_temp_path ${folder}/temp/${name};`)
    .join('\n')
  return `daemon off;
master_process off;
pid ${folder}/nginx.pid;
error_log stderr warn;
events { worker_connections 256; }
http {
${temporary}
${http}
}
`
}

function httpFor(folder: string, port: number): string {
  return `  log_format seen escape=json '["$request_method","$request_uri","$uri",$status,"$connection"]';
  access_log ${folder}/logs/access.log seen;
  default_type text/plain;
  client_max_body_size ${nginxBodyLimitBytes};
  keepalive_timeout 60s;
  gzip on;
  gzip_min_length 1;
  gzip_types text/plain;
  server {
    listen 127.0.0.1:${port};
    merge_slashes on;
    location = /v1/status { return 200 "nginx\\n"; }
    # Without a slash at its end, as it is often written: /v1/files../x leaves the folder.
    location /v1/files { alias ${folder}/www/files/; dav_methods PUT; }
    location /v1/secret { return 200 "secret\\n"; }
  }`
}

async function untilUp(child: ChildProcess, port: number): Promise<void> {
  let output = ''
  child.stderr?.on('data', (chunk: Buffer) => (output = (output + chunk.toString()).slice(-2_000)))
  for (let i = 0; i < 1_000; i++) {
    if (child.exitCode !== null) throw new Error(`nginx ended with ${child.exitCode}: ${output}`)
    if (await accepts(port)) return
    await sleep(20)
  }
  throw new Error(`nginx does not answer: ${output}`)
}

function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1')
    socket.once('connect', () => resolve(true)).once('error', () => resolve(false))
    socket.once('connect', () => socket.destroy())
  })
}

function readLog(file: string): NginxRequest[] {
  const lines = readFileSync(file, 'utf8').split('\n').filter(Boolean)
  return lines.map((line) => {
    const [method, target, path, status, connection]: unknown[] = JSON.parse(line)
    return {
      method: String(method),
      target: String(target),
      path: String(path),
      status: Number(status),
      connection: String(connection),
    }
  })
}
