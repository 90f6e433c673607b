// Whether a file is still the one that was read: told by its inode, size and times, without reading it.

import { statSync } from 'node:fs'

/** Changes when any of the files does, also when a link is pointed elsewhere, and when one comes or goes. */
export function stampOfFiles(files: readonly string[]): string {
  return files
    .map((file) => {
      const found = statSync(file, { throwIfNoEntry: false })
      return found === undefined ? 'none' : `${found.dev} ${found.ino} ${found.mtimeMs} ${found.size}`
    })
    .join(' | ')
}
