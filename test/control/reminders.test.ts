import t from 'tap'
import { createSubject, makeKey } from './subject.ts'

void t.test('keys that should be looked after are listed', async (t) => {
  const subject = await createSubject(t)
  const { id } = await makeKey(subject)
  t.same((await subject.call('GET', '/reminders')).body, { data: [], next_cursor: null })
  subject.clock.nowMs += 91 * 86_400_000
  t.match((await subject.call('GET', '/reminders')).body, {
    data: [{ key_id: id, rotation_due_since: /^2026-04-15/, expires_at: null, unused_since: /^2026-01-15/ }],
  })
  t.equal((await subject.call('GET', '/reminders?merchant_id=mer_999999999999')).status, 200)
  t.equal((await subject.call('GET', '/reminders?by=x')).status, 422)
})
