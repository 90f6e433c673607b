// The files that every server serves.

import { chmodSync, mkdirSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import type { Teardown } from './programs/run.ts'

const largeBytes = 20 * 1024 * 1024

/** A folder with files below v1/files, removed with the test; gives its path. */
export function makeDocroot(t: Teardown): string {
  const root = mkdtempSync(join(tmpdir(), 'latchkey-docroot-'))
  // Some servers give up root.
  chmodSync(root, 0o755)
  t.teardown(async () => rmSync(root, { recursive: true, force: true }))
  const files: Readonly<Record<string, string | Buffer>> = {
    'small.txt': 'The quick brown fox jumps over the lazy dog.\n',
    'a b.txt': 'with a blank\n',
    'page.html': `<!doctype html><title>page</title>${'<p>paragraph</p>\n'.repeat(500)}`,
    'folder/index.html': '<!doctype html><title>folder</title>\n',
    'large.bin': Buffer.alloc(largeBytes, 'each line of it is the same as the one before\n'),
  }
  for (const [name, content] of Object.entries(files)) {
    const path = join(root, 'v1/files', name)
    mkdirSync(dirname(path), { recursive: true })
    writeFileSync(path, content)
    // Old enough for every server's rule of what may be said about it.
    utimesSync(path, new Date('2026-01-02T03:04:05Z'), new Date('2026-01-02T03:04:05Z'))
  }
  return root
}
