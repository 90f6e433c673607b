// The log as it is found in files that are moved away under those who write: each line is read once, wherever it went.

import { closeSync, openSync, readdirSync, readSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { isRequestLine } from '../../support/request-sums.ts'

export interface LogFiles {
  /** Lines of requests so far, and of these by the first digit of their status (`0xx`: none was sent). */
  readonly lines: number
  takeClasses(): Readonly<Record<string, number>>
  /** Ids that stand in more than one line. */
  readonly twice: readonly string[]
  /** All other lines, whole. */
  readonly others: readonly string[]
  /** Reads what has come. */
  read(): void
}

/** Begins to read a folder's files. */
export function createLogFiles(folder: string): LogFiles {
  const offsets = new Map<number, number>()
  const rests = new Map<number, string>()
  const ids = new Set<string>()
  const twice: string[] = []
  const others: string[] = []
  let classes: Record<string, number> = {}
  let lines = 0

  function take(line: string): void {
    if (!isRequestLine(line)) return void others.push(line)
    const { request_id: id, status } = JSON.parse(line)
    if (ids.has(id)) twice.push(id)
    ids.add(id)
    lines++
    const kind = `${Math.floor(Number(status) / 100)}xx`
    classes[kind] = (classes[kind] ?? 0) + 1
  }

  function readFile(path: string): void {
    const { ino, size } = statSync(path)
    const from = offsets.get(ino) ?? 0
    if (size <= from) return
    const bytes = Buffer.alloc(size - from)
    const file = openSync(path, 'r')
    readSync(file, bytes, 0, bytes.length, from)
    closeSync(file)
    offsets.set(ino, size)
    const parts = ((rests.get(ino) ?? '') + bytes.toString('utf8')).split('\n')
    rests.set(ino, parts.pop() ?? '')
    for (const line of parts) take(line)
  }

  return {
    get lines() {
      return lines
    },
    takeClasses() {
      const taken = classes
      classes = {}
      return taken
    },
    twice,
    others,
    read() {
      for (const name of readdirSync(folder)) readFile(join(folder, name))
    },
  }
}
