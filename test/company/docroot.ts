// The files that every server serves.

import { chmodSync, mkdirSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import type { Teardown } from './programs/run.ts'

const largeBytes = 20 * 1024 * 1024

/** Its head has lines that end in LF alone, as that of nearly every script does. */
const script = (begin: string): string => `#!/bin/sh
printf '${begin}Content-Type: text/plain\\nX-Made-By: script\\n\\n'
[ "$REQUEST_METHOD" != POST ] || head -c "$CONTENT_LENGTH" | wc -c
echo 'written by a script'
`

/** A folder with files below v1/files, and scripts below cgi-bin, removed with the test; gives its path. */
export function makeDocroot(t: Teardown): string {
  const root = mkdtempSync(join(tmpdir(), 'latchkey-docroot-'))
  // Some servers give up root.
  chmodSync(root, 0o755)
  t.teardown(async () => rmSync(root, { recursive: true, force: true }))
  const files: Readonly<Record<string, string | Buffer>> = {
    'v1/files/small.txt': 'The quick brown fox jumps over the lazy dog.\n',
    'v1/files/a b.txt': 'with a blank\n',
    'v1/files/page.html': `<!doctype html><title>page</title>${'<p>paragraph</p>\n'.repeat(500)}`,
    'v1/files/folder/index.html': '<!doctype html><title>folder</title>\n',
    'v1/files/large.bin': Buffer.alloc(largeBytes, 'each line of it is the same as the one before\n'),
    'cgi-bin/script.cgi': script(''),
    'cgi-bin/nph-script.cgi': script('HTTP/1.1 200 Made\\n'),
  }
  for (const [name, content] of Object.entries(files)) {
    const path = join(root, name)
    mkdirSync(dirname(path), { recursive: true })
    writeFileSync(path, content, { mode: name.endsWith('.cgi') ? 0o755 : 0o644 })
    // Old enough for every server's rule of what may be said about it.
    utimesSync(path, new Date('2026-01-02T03:04:05Z'), new Date('2026-01-02T03:04:05Z'))
  }
  return root
}
