// docs/contract.md is what code and tests name by number: whoever follows such a number finds a section, and each section
// has tests that name it.

import { readFileSync } from 'node:fs'
import t from 'tap'
import { namedSections, sectionsOf } from './support/contract.ts'
import { readDocuments } from './support/documents.ts'
import { readSourceTree } from './support/source-tree.ts'

const contract = readFileSync(new URL('../../docs/contract.md', import.meta.url), 'utf8')

void t.test('every section that is named is there', async (t) => {
  const known = new Set(sectionsOf(contract))
  t.ok(known.has('8') && known.has('5.9'))
  const sources = [...readSourceTree('src'), ...readSourceTree('test'), ...readDocuments()]
  const lost = sources.flatMap(([path, text]) =>
    namedSections(text)
      .filter((section) => !known.has(section))
      .map((section) => `${path}: ${section}`),
  )
  t.same(lost, [])
})

void t.test('every section is named by a test', async (t) => {
  const tests = [...readSourceTree('test')].filter(([path]) => path.endsWith('.test.ts'))
  const named = new Set(tests.flatMap(([, text]) => namedSections(text)))
  t.same(
    sectionsOf(contract).filter((section) => !named.has(section)),
    [],
  )
})

void t.test('sections are found, one by one and in lists', async (t) => {
  t.same(sectionsOf('# A\n## 1. B\n### 1.1 C\n## Not numbered\n## 12. D\n'), ['1', '1.1', '12'])
  const name = 'contract'
  for (const [text, found] of [
    [`// (${name} 5.2).`, ['5.2']],
    [`// Contract 5.4 and 5.5.`.replace('Contract', `C${name.slice(1)}`), ['5.4', '5.5']],
    [`// ${name} 5.1 to 5.7, ${name} 6`, ['5.1', '5.7', '6']],
    [`// ${name}\n// 5.3`, ['5.3']],
    [`// the ${name} has 5 parts`, []],
  ] as const) {
    t.same(namedSections(text), found, text)
  }
})
