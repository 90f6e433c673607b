// Which sources no test looks at.

import { reachable, type SourceTree } from './source-tree.ts'

/** Sources that tests start as programs of their own instead of importing them: source → the test that does. */
export type Spawned = Readonly<Record<string, string>>

/** Where everything is put together: src/main.ts counts as part of it. */
const wiring = 'src/main/'

/** Tests of whole programs. They run everything and look at little of it, so they count for the wiring alone. */
const wholeProgram = ['test/e2e/', 'test/wire/', 'test/faults/', 'test/stores/']

/** The folders of src that have no test in their mirror; for src/main a test of whole programs is enough. */
export function foldersWithoutTests(sources: SourceTree, tests: SourceTree): string[] {
  const folders = new Set([...sources.keys()].map(folderOf))
  return [...folders].filter((folder) => testsOf(folder, tests).length === 0).toSorted()
}

/**
 * Sources with exported functions or classes that no test in their own mirrored folder reaches by its imports. For
 * src/main.ts and src/main it is enough that a test of whole programs imports them, or that a test starts them.
 */
export function untestedSources(sources: SourceTree, tests: SourceTree, spawned: Spawned): string[] {
  const both = new Map([...sources, ...tests])
  const started = Object.entries(spawned).flatMap(([source, test]) => (tests.has(test) ? [source] : []))
  const reachedFrom = new Map<string, ReadonlySet<string>>()
  return [...sources].flatMap(([path, text]) => {
    const folder = folderOf(path)
    const starts = [...testsOf(folder, tests), ...(folder === wiring ? started : [])]
    const reached = reachedFrom.get(folder) ?? reachable(both, starts)
    reachedFrom.set(folder, reached)
    return reached.has(path) || !exportsCode(text) ? [] : [path]
  })
}

/** A file of types and tables alone has nothing to test. */
function exportsCode(text: string): boolean {
  return /^export (?:async )?(?:function|class)\b|^export const \w+ = (?:async )?(?:\([^)]*\)|\w+) =>/m.test(
    text,
  )
}

function folderOf(path: string): string {
  return path === 'src/main.ts' ? wiring : path.replace(/^(src\/[^/]+\/).*$/, '$1')
}

function testsOf(folder: string, tests: SourceTree): string[] {
  const mirrored = testsIn(folder.replace(/^src/, 'test'), tests)
  return folder === wiring
    ? [...mirrored, ...wholeProgram.flatMap((place) => testsIn(place, tests))]
    : mirrored
}

function testsIn(folder: string, tests: SourceTree): string[] {
  return [...tests.keys()].filter((path) => path.startsWith(folder) && path.endsWith('.test.ts'))
}
