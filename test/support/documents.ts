// The documents for people: Markdown at the top of the repository and below docs.

import { readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('../../../', import.meta.url))

/** Path from the project's root → text. */
export function readDocuments(): ReadonlyMap<string, string> {
  const below = readdirSync(`${root}docs`, { recursive: true, encoding: 'utf8' }).map(
    (name) => `docs/${name}`,
  )
  const paths = [...readdirSync(root), ...below].filter((path) => path.endsWith('.md'))
  return new Map(paths.toSorted().map((path) => [path, readFileSync(root + path, 'utf8')]))
}
