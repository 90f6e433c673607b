// docs/grafana.json: what can be told of a board without a Grafana.

import { execFile } from 'node:child_process'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import t from 'tap'
import { stringify } from 'yaml'
import { findPromtool } from '../support/promtool-program.ts'
import { type Panel, queriesOf, readBoard } from './board.ts'

const run = promisify(execFile)

t.test('each query is one that Prometheus understands', async (t) => {
  const { file, env } = await findPromtool()
  const check = async (queries: readonly string[]) => {
    const rules = queries.map((expr, at) => ({ record: `board:${at}`, expr }))
    const path = join(t.testdir(), 'rules.yaml')
    await writeFile(path, stringify({ groups: [{ name: 'board', rules }] }))
    return run(file, ['check', 'rules', path], { env: { ...process.env, ...env } })
  }
  const queries = queriesOf(await readBoard())
  t.ok(queries.length > 50)
  await t.resolves(check(queries))
  await t.rejects(check(['sum by (job (up)']), 'and it is asked')
})

t.test(
  'each panel has a title, a word on what it shows, and asks the data source that is chosen',
  async (t) => {
    const { panels } = await readBoard()
    const ids = panels.map(({ id }) => id)
    t.equal(new Set(ids).size, ids.length)
    for (const { type, title, description, datasource, targets = [] } of panels) {
      t.ok(title)
      if (type === 'row') continue
      t.ok(description, title)
      t.ok(targets.length > 0, title)
      for (const uid of [datasource?.uid, ...targets.map((target) => target.datasource.uid)])
        t.equal(uid, '${datasource}', title)
    }
  },
)

t.test('no panel lies on another, or beyond the 24 columns', async (t) => {
  const { panels } = await readBoard()
  const areApart = ({ gridPos: a }: Panel, { gridPos: b }: Panel) =>
    a.x + a.w <= b.x || b.x + b.w <= a.x || a.y + a.h <= b.y || b.y + b.h <= a.y
  for (const [at, panel] of panels.entries()) {
    t.ok(panel.gridPos.x + panel.gridPos.w <= 24, panel.title)
    for (const other of panels.slice(at + 1)) t.ok(areApart(panel, other), `${panel.title}, ${other.title}`)
  }
})

t.test('what is chosen is what queries ask for', async (t) => {
  const board = await readBoard()
  const names = board.templating.list.map(({ name }) => name)
  const text = JSON.stringify(board.panels)
  t.same(names, ['datasource', 'job', 'instance'])
  const used = new Set([...text.matchAll(/\$\{?([a-z_]+)/g)].map(([, name = '']) => name))
  t.same([...used].filter((name) => name !== '__rate_interval').toSorted(), names.toSorted())
})
