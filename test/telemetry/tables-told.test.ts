import t from 'tap'
import { createTablesTold } from '../../src/telemetry/tables-told.ts'

const table = (...routes: string[]) => new Map([['flintn', new Set(routes)]])

t.test('before the first table everything is told', async (t) => {
  t.ok(createTablesTold().isTold({ api: 'flintn', route: 'GET /a' }))
})

t.test('what is in one of the last two tables is told, and kept for one more', async (t) => {
  const told = createTablesTold()
  const labels = { api: 'flintn', route: 'GET /a' }
  told.take(table('GET /a'))
  const seen = [1, 2, 3].map(() => {
    told.take(table('GET /b'))
    return [told.isTold(labels), told.isKept(labels)]
  })
  t.same(seen, [
    [true, true],
    [false, true],
    [false, false],
  ])
  t.ok(told.isTold({ api: 'flintn', route: 'GET /b' }))
})

t.test('what is of no API, or of an API and no route, is told while there is such an API', async (t) => {
  const told = createTablesTold()
  told.take(table())
  t.ok(told.isTold({}))
  t.ok(told.isTold({ api: '', route: '' }))
  t.ok(told.isTold({ api: 'flintn' }))
  t.ok(told.isTold({ api: 'flintn', route: '' }))
  t.notOk(told.isTold({ api: 'flint' }))
})
