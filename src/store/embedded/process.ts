// What the system tells about a process: enough to tell ours from a stranger's under a pid that was given out again.

import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'

/** A running process. `startedAt` is opaque: equal for one process, different for the next under the same pid. */
export interface ProcessFacts {
  startedAt: string
  uid: number
  /** The command line, arguments joined by spaces. */
  command: string
}

/**
 * The facts of the process `pid`, or undefined if there is none. A zombie (killed, but its parent has not asked yet)
 * counts as none: it holds nothing any more, though `kill(pid, 0)` still succeeds.
 */
export function inspectProcess(pid: number): ProcessFacts | undefined {
  if (!Number.isSafeInteger(pid) || pid <= 1) return undefined
  try {
    return process.platform === 'linux' ? readProc(pid) : askPs(pid)
  } catch {
    return undefined
  }
}

/** The pids of the processes that `pid` started and that still run, without their own children. */
export function childrenOf(pid: number): number[] {
  try {
    const text =
      process.platform === 'linux'
        ? readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8')
        : execFileSync('pgrep', ['-P', String(pid)], { encoding: 'utf8' })
    return text.split(/\s+/).filter(Boolean).map(Number)
  } catch {
    return []
  }
}

/** Sends a signal; false if there was no such process any more. */
export function sendSignal(pid: number, signal: NodeJS.Signals): boolean {
  try {
    return process.kill(pid, signal)
  } catch {
    return false
  }
}

// procfs, because the smallest Debian images have no `ps`.
function readProc(pid: number): ProcessFacts | undefined {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
  // proc(5): the name in parentheses may itself hold spaces and parentheses; the state is the first field after it.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  const [state] = fields
  const startedAt = fields[19]
  const uid = /^Uid:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]
  if (state === 'Z' || state === 'X' || startedAt === undefined || uid === undefined) return undefined
  const command = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0').join(' ').trim()
  return { startedAt, uid: Number(uid), command }
}

function askPs(pid: number): ProcessFacts | undefined {
  const columns = ['stat=', 'uid=', 'lstart=', 'command='].flatMap((column) => ['-o', column])
  const text = execFileSync('ps', ['-ww', '-p', String(pid), ...columns], {
    encoding: 'utf8',
    env: { ...process.env, LC_ALL: 'C' },
  })
  const found = /^\s*(\S+)\s+(\d+)\s+(\w+\s+\w+\s+\d+\s+[\d:]+\s+\d+)\s+(.*)$/s.exec(text.trim())
  const [, state = '', uid, startedAt, command = ''] = found ?? []
  if (state.startsWith('Z') || startedAt === undefined || uid === undefined) return undefined
  return { startedAt, uid: Number(uid), command }
}
