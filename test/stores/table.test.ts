// The page has a line for each set-up that is tried, and no other.

import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import t from 'tap'
import { poolModes } from '../support/pgbouncer-service.ts'
import { elsewhere, readPage, setUpsOf, withElsewhere, withTable } from './table.ts'

const sources = fileURLToPath(new URL('../../../test/stores/', import.meta.url))

/** What the tests give as the name of their line; a template stands for each mode of PgBouncer. */
function namesIn(text: string): string[] {
  const names = [...text.matchAll(/(?:setUp: |writeRow\(\s*)(['"`])(.+?)\1/g)].map(([, , name = '']) => name)
  return names.flatMap((name) => {
    const [before, after] = name.split('${mode}')
    return after === undefined ? [name] : poolModes.map((mode) => `${before}${mode}${after}`)
  })
}

t.test('every set-up has its line', async (t) => {
  const files = readdirSync(sources).filter((name) => name.endsWith('.test.ts') && name !== 'table.test.ts')
  const names = files.flatMap((name) => namesIn(readFileSync(join(sources, name), 'utf8')))
  t.ok(names.length > 5)
  names.push(...elsewhere.map(({ setUp }) => setUp))
  t.same(new Set(setUpsOf(readPage())), new Set(names))
})

t.test('a table is put in place of the one before', async (t) => {
  const text = 'a\n<!-- table: npm run test:stores -->\nold\n<!-- end of the table -->\nb\n'
  const made = withTable(text, ['| y | 1 | 2 |', '| x | 1 | 2 |'])
  t.match(
    made,
    /^a\n<!-- table.*-->\n\| set-up \| version \| outcome \|\n\|---\|---\|---\|\n\| x .*\n\| y .*\n<!-- end of the table -->\nb\n$/,
  )
  t.same(setUpsOf(made), ['x', 'y'])
  t.equal(withTable(made, ['| y | 1 | 2 |', '| x | 1 | 2 |']), made)
})

t.test('what stands in other folders is told of in the line of its set-up, or has its own', async (t) => {
  const [row, other] = [`| ${elsewhere[0].setUp} | v | good |`, `| ${elsewhere[0].setUp} | w | good |`]
  const made = withElsewhere([row, other], 'v')
  t.match(made[0], / \| good; all of `test\/e2e\/restore\.test\.ts` \|$/)
  t.equal(made[1], other, 'it was run on the first alone')
  t.equal(made.length, 1 + elsewhere.length)
})
