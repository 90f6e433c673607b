// Starts the peers, and the upstream of all. What is not installed is left out; the report names it.

import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { freePort } from '../src/store/embedded/postmaster.ts'
import type { Bench, Server } from './bench.ts'
import { until } from './children.ts'
import type { Need } from './machine.ts'
import {
  caddy,
  haproxy,
  luaModules,
  nginxLua,
  nginxProxy,
  nginxUpstream,
  type Place,
} from './peer-configs.ts'
import { isListening } from './probe.ts'
import { largeAnswerBytes } from './requests.ts'

export type NodePeer = 'hello' | 'loop' | 'http-proxy' | 'http-proxy-3'
type ForeignPeer = 'nginx' | 'nginx-lua' | 'caddy' | 'haproxy'
export type PeerName = NodePeer | ForeignPeer

const needs: Readonly<Record<ForeignPeer, Need>> = {
  nginx: { program: 'nginx', packages: ['nginx'], what: 'nginx proxy_pass' },
  'nginx-lua': {
    program: 'nginx',
    files: Object.values(luaModules),
    packages: ['nginx', 'libnginx-mod-http-lua', 'lua-nginx-redis'],
    what: 'nginx + Lua + Redis',
  },
  caddy: { program: 'caddy', packages: ['caddy'], what: 'Caddy' },
  haproxy: { program: 'haproxy', packages: ['haproxy'], what: 'HAProxy' },
}

const nodeProgram = fileURLToPath(new URL('./peer-program.js', import.meta.url))

/** Starts a peer on the subject's core; undefined: it is not installed. */
export async function startPeer(bench: Bench, name: PeerName): Promise<Server | undefined> {
  const cores = bench.pins?.subject ?? null
  const port = await freePort()
  if (!isForeign(name)) return startNode(bench, { name, port, cores, upstream: bench.upstream.port })
  const file = bench.find(needs[name])
  if (file === undefined) return undefined
  const place = { folder: makeFolder(bench, name), port, upstreamPort: bench.upstream.port }
  return startServer(bench, { name, port, cores, file, ...foreign(bench, name, place) })
}

function isForeign(name: PeerName): name is ForeignPeer {
  return Object.hasOwn(needs, name)
}

function foreign(bench: Bench, name: ForeignPeer, place: Place): { args: string[]; env?: NodeJS.ProcessEnv } {
  const file = join(place.folder, 'config')
  const write = (text: string) => writeFileSync(file, text)
  switch (name) {
    case 'nginx':
      write(nginxProxy(place))
      return { args: ['-p', place.folder, '-c', file] }
    case 'nginx-lua':
      write(nginxLua(place, bench.stores.redis.port))
      return { args: ['-p', place.folder, '-c', file] }
    case 'haproxy':
      write(haproxy(place))
      return { args: ['-db', '-f', file] }
    case 'caddy':
      write(caddy(place))
      return {
        args: ['run', '--adapter', 'caddyfile', '--config', file],
        env: {
          GOMAXPROCS: '1',
          HOME: place.folder,
          XDG_DATA_HOME: place.folder,
          XDG_CONFIG_HOME: place.folder,
        },
      }
  }
}

/** The upstream of all: nginx, or a program on Node where there is none. On the cores of the load. */
export async function startUpstream(bench: Omit<Bench, 'upstream'>): Promise<Server & { name: string }> {
  const port = await freePort()
  const cores = bench.pins?.others ?? null
  const file = bench.find({ program: 'nginx', packages: ['nginx'], what: 'nginx as the upstream' })
  if (file === undefined) {
    const server = await startNode(bench, { name: 'upstream', port, cores, upstream: 0 })
    return { ...server, name: 'node:http' }
  }
  const folder = makeFolder(bench, 'upstream')
  writeFileSync(join(folder, 'large'), Buffer.alloc(largeAnswerBytes, 'x'))
  const config = join(folder, 'config')
  writeFileSync(config, nginxUpstream({ folder, port }))
  const args = ['-p', folder, '-c', config]
  return { ...(await startServer(bench, { name: 'upstream', port, cores, file, args })), name: 'nginx' }
}

interface At {
  readonly name: string
  readonly port: number
  readonly cores: string | null
}

function startNode(bench: Pick<Bench, 'children'>, at: At & { upstream: number }): Promise<Server> {
  const args = [nodeProgram, at.name, String(at.port), `http://127.0.0.1:${at.upstream}`]
  return startServer(bench, { ...at, file: process.execPath, args })
}

async function startServer(
  { children }: Pick<Bench, 'children'>,
  { port, ...command }: At & { file: string; args: string[]; env?: NodeJS.ProcessEnv },
): Promise<Server> {
  const child = children.start(command)
  await until(child, `${command.name} on port ${port}`, () => isListening(port))
  return { port, child }
}

function makeFolder({ folder }: Pick<Bench, 'folder'>, name: string): string {
  const path = join(folder, name)
  mkdirSync(path, { recursive: true })
  return path
}
