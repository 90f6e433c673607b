// The hub as it was built: all of its files, read once as the program starts. A request names one of them or none; no path
// of a file is ever made from one.

import { createHash } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { extname, join, sep } from 'node:path'
import { fileURLToPath } from 'node:url'

export interface HubFile {
  readonly type: string
  readonly body: Buffer
  /** With the quotes. */
  readonly tag: string
}

export interface HubFiles {
  /** The page that all deep links answer with. */
  readonly page: string
  /** Path below the hub, such as `assets/main-1a2b3c.js` → the file. */
  readonly assets: ReadonlyMap<string, HubFile>
}

const types: Readonly<Record<string, string>> = {
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.woff2': 'font/woff2',
}

/** Beside the built program. */
export const builtHub = fileURLToPath(new URL('../../../hub/', import.meta.url))

/** Throws what reading throws where it was not built. */
export function readHubFiles(folder: string = builtHub): HubFiles {
  const assets = new Map<string, HubFile>()
  for (const entry of readdirSync(join(folder, 'assets'), { withFileTypes: true })) {
    const type = types[extname(entry.name)]
    if (!entry.isFile() || type === undefined) continue
    const body = readFileSync(join(folder, 'assets', entry.name))
    const digest = createHash('sha256').update(body).digest('base64url')
    assets.set(['assets', entry.name].join('/').replaceAll(sep, '/'), { type, body, tag: `"${digest}"` })
  }
  return { page: readFileSync(join(folder, 'index.html'), 'utf8'), assets }
}
