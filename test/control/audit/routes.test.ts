import t from 'tap'
import { createSubject, makeKey } from '../subject.ts'

void t.test('the audit tells who changed what, filtered and page by page', async (t) => {
  const subject = await createSubject(t)
  const { id, secret } = await makeKey(subject)
  const disabled = await subject.call('POST', `/keys/${id}/disable`)
  await subject.call('POST', `/keys/${id}/disable`)
  const first = await subject.call('GET', `/audit?target=${id}&actor=ann&limit=1`)
  t.match(first.body, {
    data: [
      {
        at: '2026-01-15T12:00:00.000Z',
        actor: 'ann',
        action: 'key.disable',
        target: id,
        before: { status: 'active' },
        after: { status: 'disabled' },
        request_id: disabled.headers['x-request-id'],
        revision: 3,
      },
    ],
    next_cursor: String,
  })
  const cursor = String(first.body['next_cursor'])
  const second = await subject.call('GET', `/audit?target=${id}&actor=ann&limit=1&cursor=${cursor}`)
  t.match(second.body, { data: [{ action: 'key.create', before: null }], next_cursor: null })
  t.same((await subject.call('GET', '/audit?action=key.revoke')).body, { data: [], next_cursor: null })
  t.equal((await subject.call('GET', '/audit?cursor=IjUi')).status, 422)
  t.notMatch((await subject.call('GET', '/audit')).text, secret)
})
