// CPU time and memory of a process with all that it started, and how busy the machine is; from /proc (proc(5)).

import { readFileSync } from 'node:fs'
import { childrenOf } from '../src/store/embedded/process.ts'

/** USER_HZ: what the kernel counts in for /proc, the same on every architecture that Node runs on. */
const ticksPerSecond = 100

/** User and system seconds used so far by a process and its descendants, those that have ended and were waited for included. */
export function cpuSeconds(pid: number): number {
  let ticks = 0
  for (const member of processTree(pid)) ticks += ticksOf(readProc(`/proc/${member}/stat`))
  return ticks / ticksPerSecond
}

/** MiB of memory in use; what processes of one tree share counts for each of them. */
export function residentMiB(pid: number): number {
  let kibibytes = 0
  for (const member of processTree(pid)) {
    kibibytes += Number(/^VmRSS:\s+(\d+)/m.exec(readProc(`/proc/${member}/status`))?.[1] ?? 0)
  }
  return kibibytes / 1024
}

/** Seconds that all cores together have worked so far, and have had. */
export function machineSeconds(): { readonly busy: number; readonly all: number } {
  const [line = ''] = readProc('/proc/stat').split('\n')
  const fields = line.trim().split(/\s+/).slice(1, 9).map(Number)
  const all = fields.reduce((sum, ticks) => sum + ticks, 0)
  const idle = (fields[3] ?? 0) + (fields[4] ?? 0)
  return { busy: (all - idle) / ticksPerSecond, all: all / ticksPerSecond }
}

function processTree(pid: number): number[] {
  return [pid, ...childrenOf(pid).flatMap(processTree)]
}

/** Ticks in the text of /proc/PID/stat: utime, stime, cutime, cstime. The name may hold spaces and parentheses. */
export function ticksOf(stat: string): number {
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  return [11, 12, 13, 14].reduce((sum, at) => sum + Number(fields[at] ?? 0), 0)
}

/** '' for a process that has ended meanwhile. */
function readProc(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    return ''
  }
}
