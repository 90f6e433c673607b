import t from 'tap'
import { createSubject } from '../subject.ts'

void t.test('the permission catalogue is that of the table in force', async (t) => {
  const { call } = await createSubject(t)
  const { body } = await call('GET', '/permissions')
  const permissions = [
    { name: 'transaction.read', description: 'Read transactions' },
    { name: 'transaction.refund', description: 'Refund transactions' },
  ]
  const environments = ['live', 'sandbox']
  t.same(body, {
    data: [
      { api: 'flintn', environments, permissions },
      { api: 'flint', environments, permissions },
    ],
    next_cursor: null,
  })
})
