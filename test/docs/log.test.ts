// docs/log.md is complete: what it lists is what the code can write, and nothing else.

import { readFileSync } from 'node:fs'
import t from 'tap'
import { reasons } from '../../src/errors/reasons.ts'
import { withTables } from '../support/log-document.ts'
import { codeOf, readSourceTree } from '../support/source-tree.ts'

const text = readFileSync('docs/log.md', 'utf8')
const code = [...readSourceTree('src')].filter(([path]) => path !== 'src/errors/reasons.ts')
const sources = code.map(([, source]) => codeOf(source)).join('\n')

t.test('its tables are those of the code (npm run docs)', async (t) => {
  t.equal(withTables(text), text)
  t.throws(() => withTables('# The log\n'), /no marks for fields/)
})

// That each reason of the code is in the list is what the compiler says (errors/denial.ts).
t.test('each word of the list is one that the sources say', async (t) => {
  const words = Object.values(reasons).flatMap((of) => Object.keys(of))
  t.same(
    words.filter((word) => !new RegExp(`'${word}'|\\b${word}: '`).test(sources)),
    [],
  )
})

t.test('each line that is named is one', async (t) => {
  const [, others = ''] = text.split('## Other lines')
  const named = [...others.matchAll(/^\| (`.+?`) \|/gm)].flatMap(([, cell = '']) =>
    cell.split(', ').map((span) => span.slice(1, -1)),
  )
  t.ok(named.length >= 8)
  t.same(
    named.filter((msg) => !sources.includes(msg)),
    [],
  )
})

t.test(
  'what to look at is said for reasons that there are, and for all that gateways refuse by',
  async (t) => {
    const [, section = ''] = /## Why was this request refused\?([^]*?)\n## /.exec(text) ?? []
    const rows = [...section.matchAll(/^\| ((?:any, with )?`.+?) \| /gm)].map(([, cell = '']) => cell)
    const named = rows.flatMap((cell) => [...cell.matchAll(/`(\w+)…?`/g)].map(([, word = '']) => word))
    const words = new Set(Object.values(reasons).flatMap((of) => Object.keys(of)))
    const others = new Set(['reason', 'decision', 'error', 'denied_', ...Object.keys(reasons)])
    t.same(
      named.filter((word) => !words.has(word) && !others.has(word)),
      [],
    )
    const ofKeys = [...Object.keys(reasons.MISSING_API_KEY), ...Object.keys(reasons.INVALID_API_KEY)]
    const ofTables = ['UNKNOWN_HOST', 'ROUTE_NOT_FOUND', 'METHOD_NOT_ALLOWED', 'WRONG_ENVIRONMENT'] as const
    const all = [...ofKeys, ...ofTables.flatMap((code) => Object.keys(reasons[code]))]
    const isNamed = (word: string) => named.includes(word) || word.startsWith('denied_')
    t.same(
      all.filter((word) => !isNamed(word)),
      ['control_host'],
    )
  },
)
