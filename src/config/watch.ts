// Notices that files have changed. It looks at them every now and then instead of asking the system to tell: that sees
// editors that replace files, Kubernetes' swapped symlinks and network drives alike, and costs some stat calls.

import { stat } from 'node:fs/promises'

export interface Watch {
  stop(): void
}

export interface WatchOptions {
  /** Milliseconds between looks; 500 unless said. */
  readonly lookEveryMs?: number
  /** What the first look finds is news too: the files may have changed since they were read. */
  readonly tellsFirst?: boolean
}

/** Files that never stand still are read after so many looks all the same: a half-written one is refused. */
const mostRestless = 3

/**
 * Calls `changed` after any of the files has changed, appeared or gone, and has then stood still for one look, so that
 * a file half written is not read. `files` is asked anew each time. One call at a time: the next look comes when the
 * promise of the last one is settled.
 */
export function watchFiles(
  files: () => readonly string[],
  changed: () => Promise<void>,
  { lookEveryMs = 500, tellsFirst = false }: WatchOptions = {},
): Watch {
  let isStopped = false
  let timer: NodeJS.Timeout
  let handled: string | undefined
  let last: string | undefined
  let restless = 0

  async function look(): Promise<void> {
    const looked = files()
    const stamp = await stampOf(looked)
    if (!tellsFirst) handled ??= stamp
    restless = stamp === last || last === undefined ? 0 : restless + 1
    if (stamp !== handled && (stamp === last || restless >= mostRestless)) {
      restless = 0
      handled = stamp
      await changed()
      // Of other files that it depends on now, nobody knows whether they are still as they were read: once more.
      if (files().join('|') !== looked.join('|')) handled = ''
    } else last = stamp
  }

  function next(): void {
    if (isStopped) return
    timer = setTimeout(() => void look().finally(next), lookEveryMs)
    timer.unref()
  }
  void look().finally(next)
  return {
    stop() {
      isStopped = true
      clearTimeout(timer)
    },
  }
}

async function stampOf(files: readonly string[]): Promise<string> {
  const stamps = await Promise.all(
    files.map(async (file) => {
      const found = await stat(file).catch(() => undefined)
      return found === undefined ? 'none' : `${found.dev} ${found.ino} ${found.mtimeMs} ${found.size}`
    }),
  )
  return stamps.join(' | ')
}
