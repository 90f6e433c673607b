// Runs a load against a port: wrk for the closed loop where it is there, else our own program; always our own for the
// open loop, for keys that must come once each, and for counts.

import { spawnSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Bench } from './bench.ts'

export interface LoadTask {
  readonly port: number
  readonly isTls: boolean
  /** A whole message; `{key}` stands for a line of `keysFile`. */
  readonly text: string
  readonly keysFile?: string
  readonly firstKey?: number
  readonly connections: number
  readonly seconds: number
  /** Ends after so many requests, if `seconds` are not over before. */
  readonly count?: number
  /** Requests a second of an open loop. */
  readonly rate?: number
  /** Before `seconds`, at the same rate, not counted; of an open loop. */
  readonly warmUpSeconds?: number
}

export interface LoadResult {
  readonly requests: number
  readonly seconds: number
  /** Requests by status; wrk tells those below 400 (`ok`) from the others (`refused`) only. */
  readonly statuses: Readonly<Record<string, number>>
  readonly p50Ms: number
  readonly p99Ms: number
  readonly p999Ms: number
}

const program = fileURLToPath(new URL('./load-program.js', import.meta.url))

/** Runs it to its end. Rejects when a connection breaks. */
export async function runLoad(bench: Bench, task: LoadTask): Promise<LoadResult> {
  const wrk = task.rate === undefined && task.count === undefined ? bench.wrk : undefined
  if (wrk !== undefined) return runWrk(bench, wrk, task)
  const command = [process.execPath, program, JSON.stringify(task)]
  const [file = '', ...args] = task.rate === undefined ? command : [...givingWay(bench), ...command]
  const child = bench.children.start({ name: 'the load', file, args, cores: bench.pins?.others ?? null })
  return JSON.parse(await child.result())
}

/**
 * The open loop keeps its core busy until the next request is due. In the scheduler's idle class it does so only while
 * nobody else wants the core; otherwise the upstream waits for it, up to a tick of 4 ms, and that is what one measures.
 */
function givingWay({ find, pins }: Bench): string[] {
  if (pins === null) return []
  const chrt = find({ program: 'chrt', packages: ['util-linux'], what: 'an open loop that gives way' })
  // Some containers do not let their processes change it.
  const isAllowed = chrt !== undefined && spawnSync(chrt, ['--idle', '0', 'true']).status === 0
  return isAllowed ? [chrt, '--idle', '0'] : []
}

async function runWrk(bench: Bench, wrk: string, task: LoadTask): Promise<LoadResult> {
  const script = join(bench.folder, 'load.lua')
  const message = join(bench.folder, 'message')
  writeFileSync(script, wrkScript)
  writeFileSync(message, task.text, 'latin1')
  const url = `${task.isTls ? 'https' : 'http'}://127.0.0.1:${task.port}/`
  // It takes whole seconds only.
  const seconds = Math.max(1, Math.round(task.seconds))
  const args = ['-t1', `-c${task.connections}`, `-d${seconds}s`, '--timeout', '10s', '-s', script, url, '--']
  const files = task.keysFile === undefined ? [message] : [message, task.keysFile, String(task.firstKey ?? 0)]
  const child = bench.children.start({
    name: 'wrk',
    file: wrk,
    args: [...args, ...files],
    cores: bench.pins?.others ?? null,
  })
  return readWrk(await child.result())
}

/** Throws when a connection failed. */
export function readWrk(output: string): LoadResult {
  const line = /^RESULT (\{.*\})$/m.exec(output)?.[1]
  if (line === undefined) throw new Error(`wrk said: ${output.slice(-500)}`)
  const { requests, micros, refused, broken } = JSON.parse(line)
  if (Number(broken) > 0) throw new Error(`${broken} connections of wrk broke, or waited 10 s`)
  return {
    requests: Number(requests),
    seconds: Number(micros) / 1e6,
    statuses: { ok: Number(requests) - Number(refused), refused: Number(refused) },
    p50Ms: Number.NaN,
    p99Ms: Number.NaN,
    p999Ms: Number.NaN,
  }
}

// The same bytes for every subject, whatever wrk would have made of them.
const wrkScript = `
local before, after, keys, at = nil, nil, {}, 0

function init(args)
  local file = assert(io.open(args[1], 'rb'))
  local text = file:read('*a')
  file:close()
  local from, to = text:find('{key}', 1, true)
  if from == nil or args[2] == nil then
    before = text
  else
    before, after = text:sub(1, from - 1), text:sub(to + 1)
    for line in io.lines(args[2]) do keys[#keys + 1] = line end
    at = tonumber(args[3])
  end
end

function request()
  if after == nil then return before end
  at = at % #keys + 1
  return before .. keys[at] .. after
end

function done(summary)
  local errors = summary.errors
  io.write(string.format('RESULT {"requests":%d,"micros":%d,"refused":%d,"broken":%d}\\n', summary.requests,
    summary.duration, errors.status, errors.connect + errors.read + errors.write + errors.timeout))
end
`
