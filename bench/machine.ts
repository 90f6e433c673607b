// What the run happens on: the cores and who gets which, and the programs that are there.

import { existsSync } from 'node:fs'
import { availableParallelism, cpus, release, totalmem } from 'node:os'
import { delimiter, join } from 'node:path'
import { isExecutable } from '../test/support/apt-package.ts'

export interface Machine {
  readonly cores: number
  /** Who runs where, in the notation of taskset; null: wherever the system likes. */
  readonly pins: { readonly subject: string; readonly others: string } | null
  /** For the head of the report. */
  readonly description: string
  /** Path of a program; undefined: it is missing, and has been noted. */
  find(need: Need): string | undefined
  /** What was looked for in vain. */
  missing(): readonly Missing[]
}

/** What cannot be done without it, and how to get it. */
export interface Missing {
  readonly what: string
  readonly install: string
}

/** A program, with files that it needs besides. */
export interface Need {
  readonly program: string
  readonly files?: readonly string[]
  /** Of Debian and Ubuntu. */
  readonly packages: readonly string[]
  readonly what: string
}

const folders = [...(process.env['PATH'] ?? '').split(delimiter), '/usr/sbin', '/usr/local/sbin', '/sbin']

/** Looks around. Throws where there is no /proc: CPU time is read from it. */
export function inspectMachine(): Machine {
  if (!existsSync('/proc/self/stat'))
    throw new Error('the benchmark reads CPU time from /proc: it needs Linux')
  const cores = availableParallelism()
  const missing = new Map<string, Missing>()
  const find = ({ program, files = [], packages, what }: Need): string | undefined => {
    const path = folders.map((folder) => join(folder, program)).find(isExecutable)
    if (path !== undefined && files.every((file) => existsSync(file))) return path
    missing.set(what, { what, install: `sudo apt-get install ${packages.join(' ')}` })
    return undefined
  }
  const taskset = find({ program: 'taskset', packages: ['util-linux'], what: 'pinning to cores' })
  const pins =
    taskset === undefined || cores < 2 ? null : { subject: '0', others: cores === 2 ? '1' : `1-${cores - 1}` }
  return { cores, pins, description: describe(cores), find, missing: () => [...missing.values()] }
}

function describe(cores: number): string {
  const model = cpus()[0]?.model ?? 'unknown processor'
  const gibibytes = Math.round(totalmem() / 2 ** 30)
  return `${cores} cores ${model}, ${gibibytes} GiB, Linux ${release()}, Node ${process.version}`
}
