// Contract 5.10.

import { readFileSync } from 'node:fs'
import t from 'tap'
import { catalogue } from '../../src/errors/catalogue.ts'
import { readErrorTable } from './error-table.ts'

const readme = new URL('../../../README.md', import.meta.url)

void t.test("the README's table and the catalogue say the same, both ways", async (t) => {
  const rows = readErrorTable(readFileSync(readme, 'utf8'))
  const documented = rows.map(({ code, status }) => `${code} ${status}`).toSorted()
  const known = Object.entries(catalogue).map(([code, { status }]) => `${code} ${status}`)
  t.same(documented, known.toSorted())
})

void t.test('a code can be sent as it is, and its message says something to a person', async (t) => {
  for (const [code, { status, message }] of Object.entries(catalogue)) {
    t.match(code, /^[A-Z]+(_[A-Z]+)*$/)
    t.ok(status >= 400 && status <= 599, code)
    t.match(message, /^[A-Z].{9,120}[^.\s]$/, code)
  }
})

void t.test('the messages that the API document fixes are its own', async (t) => {
  t.equal(catalogue.INVALID_API_KEY.message, 'The provided API key is invalid or has been revoked')
  t.equal(
    catalogue.INSUFFICIENT_PERMISSIONS.message,
    "This API key doesn't have permission to access this resource",
  )
})

const table = '| Code | Status |\n|---|:--|\n| `A_B` | 400 | text |\n'

void t.test('the reader finds the table of its section, and nothing else', async (t) => {
  const rows = [{ code: 'A_B', status: 400 }]
  t.same(readErrorTable(`# X\n\n## Errors\n\nText.\n\n${table}`), rows)
  t.same(readErrorTable(`## Errors\n${table}\n## More\n| \`C\` | 401 |\n`), rows)
})

void t.test('the reader refuses a missing section, a missing table and a row of another form', async (t) => {
  t.throws(() => readErrorTable('# X\n### Errors\n'), /no section "## Errors"/)
  t.throws(() => readErrorTable(`# X\n${table}`), /no section/)
  t.throws(() => readErrorTable(`## Errors\nText.\n## More\n${table}`), /no table/)
  t.throws(() => readErrorTable(`## Errors\n${table}| C | 401 |\n`), /C \| 401/)
  t.throws(() => readErrorTable(`## Errors\n${table}| \`C\` | teapot |\n`), /teapot/)
})
