// The hub's house: pages ask by api and show by ui; ui knows nothing of keys; api is the only one that asks.

import { readdirSync, readFileSync } from 'node:fs'
import { join, posix } from 'node:path'
import t from 'tap'
import { hubPages } from '../../src/control/hub/pages.ts'

const root = 'hub/src'

/** Folder → what it may import of ours, besides itself. */
const may: Readonly<Record<string, readonly string[]>> = {
  api: ['router.tsx'],
  ui: ['api/fault.ts', 'words.ts'],
  shell: ['api', 'ui', 'router.tsx', 'words.ts', 'pages/key'],
  pages: ['api', 'ui', 'shell', 'router.tsx', 'words.ts', 'words'],
}

const files = readdirSync(root, { recursive: true, encoding: 'utf8' }).filter((name) => /\.tsx?$/.test(name))

function importsOf(file: string): readonly string[] {
  const text = readFileSync(join(root, file), 'utf8')
  return [...text.matchAll(/(?:from|import)\s*\(?'(\.[^']+)'/g)].map(([, to = '']) =>
    posix.normalize(posix.join(posix.dirname(file), to)),
  )
}

void t.test('imports keep to their directions', async (t) => {
  t.ok(files.length > 50)
  const faults: string[] = []
  for (const file of files) {
    const [folder = ''] = file.split('/')
    const allowed = may[folder]
    if (allowed === undefined) continue
    for (const to of importsOf(file)) {
      // Tables of the gateway that are pure, for the pages that explain them.
      if (/^\.\.\/\.\.\/src\/errors\/\w+\.ts$/.test(to)) continue
      if (![folder, ...allowed].some((one) => to === one || to.startsWith(`${one}/`)))
        faults.push(`${file}: ${to}`)
    }
  }
  t.same(faults, [])
})

void t.test('only api asks the server, and nothing writes markup of its own', async (t) => {
  for (const file of files) {
    const text = readFileSync(join(root, file), 'utf8')
    if (!file.startsWith('api/')) t.notMatch(text, /\bfetch\(|new EventSource|XMLHttpRequest/, file)
    t.notMatch(text, /dangerouslySetInnerHTML|innerHTML|\beval\(|new Function/, file)
    if (file !== 'shell/theme.ts') t.notMatch(text, /localStorage|sessionStorage|indexedDB/, file)
  }
})

void t.test('each page of the hub is served at its address, and no other', async (t) => {
  const routes = readFileSync(join(root, 'routes.tsx'), 'utf8')
  const patterns = [...routes.matchAll(/^ {2}route\(\s*'([^']+)'/gm)].map(([, pattern = '']) => pattern)
  t.ok(patterns.length > 20)
  t.same([...patterns, '/'].toSorted(), [...hubPages].toSorted())
})
