import t from 'tap'
import { createReport } from '../../../src/config/fault.ts'
import { readTable } from '../../../src/config/table.ts'
import { updateTable } from '../../../src/tables/openapi/import-table.ts'
import { newTable } from '../../../src/tables/openapi/new-table.ts'
import { operationsOf } from '../../../src/tables/openapi/operations.ts'
import { withRequirements } from '../../../src/tables/openapi/required.ts'
import { defaultRule } from '../../../src/tables/openapi/rule.ts'
import { withSettled } from '../../../src/tables/openapi/settled.ts'
import { editTable } from '../../../src/tables/openapi/table-text.ts'

const documentOf = (paths: object) => ({
  file: 'api.json',
  text: '',
  root: { openapi: '3.1.0', info: {}, paths },
})

const requiredOf = (paths: object) =>
  withRequirements(operationsOf(documentOf(paths)).operations, defaultRule).routes

function tableOf(text: string) {
  const report = createReport()
  const table = readTable({ source: { file: 'table.yaml', text }, env: {} }, report)
  if (table === undefined || report.faults.length > 0) throw new Error(JSON.stringify(report.faults))
  return table
}

t.test('a new table is one that loads, and the same document changes nothing in it', (t) => {
  const paths = { '/things': { get: {}, post: {} }, '/things/{id}': { get: { security: [] } } }
  const text = newTable(withSettled(requiredOf(paths), undefined).routes, 'Things 1')
  const table = tableOf(text)
  t.equal(table.routes.length, 3)
  const editable = editTable('table.yaml', text)
  if (!editable.ok) throw new Error('it can be edited')
  const { routes } = withSettled(requiredOf(paths), table)
  const summary = updateTable({ text: editable.table, table, routes, isPruning: true, isLoosening: true })
  t.match(summary, { added: [], changed: [], removed: [], kept: 3 })
  t.equal(editable.table.toString(), text)
  t.end()
})

t.test('what two operations both match gets a route that asks for all of both', (t) => {
  const get = (permission: string) => ({ get: { 'x-permission': permission } })
  const paths = { '/a/{x}/c': get('one.read'), '/a/b/{y}': get('two.read') }
  const { routes, between, leftOut } = withSettled(requiredOf(paths), undefined)
  t.equal(routes.length, 3)
  t.match(between, [/^GET \/a\/b\/c: .*one\.read.*two\.read/])
  t.same(leftOut, [])
  t.end()
})
