// docs/log.md is complete: what it lists is what the code can write, and nothing else.

import { readFileSync } from 'node:fs'
import t from 'tap'
import { loadConfig } from '../../src/config/load.ts'
import { decide } from '../../src/decision/decide.ts'
import { readUrl } from '../../src/decision/request/url.ts'
import { reasons } from '../../src/errors/reasons.ts'
import { lineFields } from '../../src/gateway/record/line-fields.ts'
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

const [, section = ''] = /## Why was this request refused\?([^]*?)\n## /.exec(text) ?? []

t.test(
  'what to look at is said for reasons that there are, and for all that gateways refuse by',
  async (t) => {
    const rows = [...section.matchAll(/^\| ((?:any[a-z ]*, with )?`.+?) \| /gm)].map(([, cell = '']) => cell)
    const named = rows.flatMap((cell) => [...cell.matchAll(/`(\w+)…?`/g)].map(([, word = '']) => word))
    const words = new Set(Object.values(reasons).flatMap((of) => Object.keys(of)))
    const others = new Set([
      ...['reason', 'decision', 'error', 'code', 'cut', 'denied_'],
      ...Object.keys(reasons).filter((code) => section.includes(`\`code\` \`${code}\``)),
    ])
    t.same(
      named.filter((word) => !words.has(word) && !others.has(word)),
      [],
    )
    const ofKeys = ['MISSING_API_KEY', 'INVALID_API_KEY', 'TOO_MANY_REQUESTS', 'HTTPS_REQUIRED'] as const
    const ofTables = ['UNKNOWN_HOST', 'ROUTE_NOT_FOUND', 'METHOD_NOT_ALLOWED', 'WRONG_ENVIRONMENT'] as const
    const ofSizes = ['URI_TOO_LONG', 'HEADERS_TOO_LARGE', 'REQUEST_TIMEOUT', 'BODY_TOO_LARGE'] as const
    const all = [...ofKeys, ...ofTables, ...ofSizes].flatMap((code) => Object.keys(reasons[code]))
    const isNamed = (word: string) => named.includes(word) || word.startsWith('denied_')
    t.same(
      all.filter((word) => !isNamed(word)),
      // Those of the control port.
      ['control_host', 'header_overflow', 'slow_head', 'body_limit', 'import'],
    )
  },
)

t.test('the line of jq has every field that the table under it tells to look at, and no other', async (t) => {
  const [, list = ''] = /jq '\{(.*?)\}'/.exec(section) ?? []
  const shown = list.split(', ')
  const table = section.slice(section.indexOf('|---|'))
  const fields = Object.keys(lineFields)
  const told = new Set([...table.matchAll(/`(\w+)`/g)].map(([, word = '']) => word))
  for (const field of ['client', 'decision', 'status', 'cut', 'route']) t.ok(told.has(field), field)
  t.same(
    fields.filter((field) => told.has(field) && !shown.includes(field)),
    [],
  )
  t.same(
    shown.filter((field) => !fields.includes(field)),
    [],
  )
})

// What the row of `insufficient_permissions` asks for, with a host of each API.
t.test('every template of the shipped tables can be given to `config explain` for a path', async (t) => {
  const loaded = await loadConfig('config/demo.yaml', {})
  if (!loaded.ok) throw new Error('the demo is faulty')
  const { config } = loaded
  for (const api of config.table.apis.values())
    for (const route of api.routes) {
      const [host = ''] = api.environments[0]?.hosts ?? []
      const read = readUrl(route.template, host, config)
      if (!read.ok) throw new Error(read.message)
      const { method } = route
      const caller = { api: undefined, environment: undefined, permissions: [], unusable: undefined }
      const decision = decide(config, { ...read, method, preflightFor: undefined, caller })
      t.equal(decision.route?.template, route.template, `${method} ${route.template}`)
    }
})
