import t from 'tap'
import { pageOf } from '../../src/store/page.ts'

void t.test('one row more than is shown says that there are more', async (t) => {
  t.same(pageOf([1, 2, 3], 2), { rows: [1, 2], hasMore: true })
  t.same(pageOf([1, 2], 2), { rows: [1, 2], hasMore: false })
  t.same(pageOf([], 2), { rows: [], hasMore: false })
})
