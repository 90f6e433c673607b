import t from 'tap'
import { createSubject, keyBody } from './subject.ts'

void t.test('?wait=all tells which instances have not applied the change, on repeats too', async (t) => {
  const waits: unknown[] = []
  const late = { instance: 'i1', appliedRevision: 1, lastSeenAtMs: 0, deadByMs: 900_000 }
  const subject = await createSubject(t, {
    awaitAll: async (revision, timeoutMs) => {
      waits.push([revision, timeoutMs])
      return revision === 3 ? [late] : []
    },
  })
  const merchant = await subject.call('POST', '/merchants?wait=all', { name: 'Acme' })
  t.same(merchant.body['pending'], [])
  const { body } = await subject.call('POST', '/keys?wait=all', keyBody(String(merchant.body['id'])))
  t.match(body, { pending: [], secret: String })
  const id = String(body['id'])
  const pending = [
    {
      instance: 'i1',
      applied_revision: 1,
      last_seen_at: '1970-01-01T00:00:00.000Z',
      dead_by: '1970-01-01T00:15:00.000Z',
    },
  ]
  for (const path of ['disable', 'disable']) {
    const answer = await subject.call('POST', `/keys/${id}/${path}?wait=all`)
    t.same(answer.body['pending'], pending)
  }
  const part = { name: 'm', role: 'admin', merchant_id: String(merchant.body['id']) }
  const made = await subject.call('POST', '/tokens', part)
  const headers = { authorization: `Bearer ${String(made.body['secret'])}` }
  const told = await subject.call('POST', `/keys/${id}/disable?wait=all`, undefined, headers)
  t.same(told.body['pending'], [{ ...pending[0], instance: '1' }], 'who sees a part is told no names')
  t.notOk('pending' in (await subject.call('POST', `/keys/${id}/disable`)).body)
  t.match(await subject.call('POST', `/keys/${id}/disable?wait=some`), { status: 422 })
  t.same(
    waits,
    [1, 2, 3, 3, 3].map((revision) => [revision, 5000]),
  )
})
