import t from 'tap'
import { foldersWithoutTests, type Spawned, untestedSources } from './support/mirror.ts'
import { readSourceTree } from './support/source-tree.ts'

/** Started as programs, with the tests that do so. */
const spawned: Spawned = {
  'src/main.ts': 'test/cli/bin.test.ts',
}

void t.test('every folder of sources has tests in its mirror', async (t) => {
  t.same(foldersWithoutTests(readSourceTree('src'), readSourceTree('test')), [])
})

void t.test('every source with something to run is reached by a test', async (t) => {
  const tests = readSourceTree('test')
  for (const test of Object.values(spawned)) t.ok(tests.has(test), test)
  t.same(untestedSources(readSourceTree('src'), tests, spawned), [])
})

const code = 'export function f() {}\n'

void t.test('a folder without tests is found', async (t) => {
  const sources = new Map([
    ['src/a/b.ts', code],
    ['src/c/d.ts', code],
    ['src/main.ts', ''],
  ])
  const tests = new Map([
    ['test/a/b.test.ts', ''],
    ['test/c/support.ts', ''],
  ])
  t.same(foldersWithoutTests(sources, tests), ['src/c/', 'src/main/'])
})

void t.test('a source that no test of its folder reaches is found', async (t) => {
  const sources = new Map([
    ['src/a/tested.ts', `import { g } from './inner.ts'\n${code}`],
    ['src/a/inner.ts', code],
    ['src/a/forgotten.ts', code],
    ['src/a/shape.ts', 'export interface Shape {}\nexport const names = [1]\n'],
    ['src/b/other.ts', 'export const g = (a: number) => a\n'],
  ])
  const imports = "import { f } from '../../src/a/tested.ts'\nimport { g } from '../../src/b/other.ts'\n"
  const tests = new Map([['test/a/tested.test.ts', imports]])
  t.same(untestedSources(sources, tests, {}), ['src/a/forgotten.ts', 'src/b/other.ts'])
})

void t.test('for the wiring alone, a test of whole programs or one that starts it counts', async (t) => {
  const sources = new Map([
    ['src/a/b.ts', code],
    ['src/main.ts', `import { c } from './main/c.ts'\nimport { f } from './a/b.ts'\n${code}`],
    ['src/main/c.ts', code],
    ['src/main/d.ts', code],
  ])
  const tests = new Map([
    ['test/e2e/a.test.ts', "import { d } from '../../src/main/d.ts'\nimport { f } from '../../src/a/b.ts'"],
  ])
  t.same(untestedSources(sources, tests, {}), ['src/a/b.ts', 'src/main.ts', 'src/main/c.ts'])
  const started = { 'src/main.ts': 'test/e2e/a.test.ts' }
  t.same(untestedSources(sources, tests, started), ['src/a/b.ts'])
  t.same(untestedSources(sources, tests, { 'src/main.ts': 'test/gone.test.ts' }).length, 3)
})
