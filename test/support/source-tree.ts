// The program's sources as text: what tests of the layout look at.

import { readdirSync, readFileSync } from 'node:fs'
import { posix } from 'node:path'
import { fileURLToPath } from 'node:url'

/** Path from the project's root, with `/`, → text. */
export type SourceTree = ReadonlyMap<string, string>

const root = fileURLToPath(new URL('../../../', import.meta.url))

/** Every .ts file below one of these. */
export function readSourceTree(folder: 'src' | 'test' | 'bench'): SourceTree {
  const names = readdirSync(posix.join(root, folder), { recursive: true, encoding: 'utf8' })
  const paths = names.filter((name) => name.endsWith('.ts')).map((name) => posix.join(folder, name))
  return new Map(paths.toSorted().map((path) => [path, readFileSync(posix.join(root, path), 'utf8')]))
}

/** The text without its comments, as far as they stand on lines of their own. */
export function codeOf(text: string): string {
  return text
    .split('\n')
    .filter((line) => !/^\s*(\/\/|\/\*|\*)/.test(line))
    .join('\n')
}

const importForms = [
  /^\s*(?:import|export)\b[^'"`;=]*?\bfrom\s*['"]([^'"]+)['"]/gm,
  /^\s*import\s*['"]([^'"]+)['"]/gm,
  /\b(?:import|require)\s*\(\s*['"`]([^'"`]+)['"`]/g,
]

/** What a file imports, in whatever form: the specifiers as written. */
export function importsOf(text: string): string[] {
  const code = codeOf(text)
  return importForms.flatMap((form) => [...code.matchAll(form)].map(([, specifier = '']) => specifier))
}

/** The files of ours that a file imports, as paths from the project's root. */
export function ownImportsOf(path: string, text: string): string[] {
  return importsOf(text)
    .filter((specifier) => specifier.startsWith('.'))
    .map((specifier) => posix.join(posix.dirname(path), specifier))
}

/** Everything that can be reached from `starts` by imports, the starts included. */
export function reachable(tree: SourceTree, starts: readonly string[]): Set<string> {
  const seen = new Set<string>()
  const waiting = [...starts]
  for (let path = waiting.pop(); path !== undefined; path = waiting.pop()) {
    const text = tree.get(path)
    if (text === undefined || seen.has(path)) continue
    seen.add(path)
    waiting.push(...ownImportsOf(path, text))
  }
  return seen
}

/** Files that reach each other by imports, of types too: each group of them once, in the order of paths. */
export function importCircles(tree: SourceTree): string[][] {
  const imports = new Map([...tree].map(([path, text]) => [path, ownImportsOf(path, text)]))
  const reached = new Map([...tree.keys()].toSorted().map((path) => [path, followed(imports, path)]))
  const circles = new Map<string, string[]>()
  for (const [path, found] of reached) {
    const circle = [...found].filter((other) => reached.get(other)?.has(path)).toSorted()
    if (circle.length > 0) circles.set(circle.join(), circle)
  }
  return [...circles.values()]
}

/** What `start` leads to; itself only by a circle. */
function followed(imports: ReadonlyMap<string, readonly string[]>, start: string): Set<string> {
  const seen = new Set<string>()
  const waiting = [...(imports.get(start) ?? [])]
  for (let path = waiting.pop(); path !== undefined; path = waiting.pop()) {
    if (seen.has(path)) continue
    seen.add(path)
    waiting.push(...(imports.get(path) ?? []))
  }
  return seen
}
