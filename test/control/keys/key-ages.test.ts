// Contract 8.

import t from 'tap'
import { createSubject, makeKey } from '../subject.ts'

const dayMs = 86_400_000

void t.test('keys are listed by age, last use and end', async (t) => {
  const subject = await createSubject(t)
  const { clock } = subject
  const old = await makeKey(subject)
  clock.nowMs += 100 * dayMs
  const ending = await makeKey(subject, { expires_at: new Date(clock.nowMs + 5 * dayMs).toISOString() })
  const found = async (query: string) => {
    const { status, body } = await subject.call('GET', `/keys?${query}`)
    t.equal(status, 200, query)
    return (body['data'] as { id: string }[]).map(({ id }) => id)
  }
  t.same(await found('older_than=90d'), [old.id])
  t.same(await found('older_than=101d'), [])
  t.same(await found('unused_for=12w'), [old.id])
  t.same(await found('unused_for=0s'), [ending.id, old.id])
  t.same(await found('expires_within=14d'), [ending.id])
  t.same(await found('expires_within=24h'), [])
  t.same(await found('older_than=90d&unused_for=90d&status=active&api=flintn'), [old.id])
  for (const query of [
    'older_than=90',
    'unused_for=-1d',
    'expires_within=1y',
    'older_than=99999999w',
    'older_than=',
  ]) {
    const { status, body } = await subject.call('GET', `/keys?${query}`)
    t.equal(status, 422, query)
    t.match(body, { error: { details: [{ path: query.split('=', 1)[0] }] } }, query)
  }
})
