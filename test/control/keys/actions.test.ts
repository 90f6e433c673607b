// Contract 4.

import t from 'tap'
import { createSubject, makeKey, startMs } from '../subject.ts'

void t.test('disable and enable can be taken back, revoke cannot; repeats are no fault', async (t) => {
  const subject = await createSubject(t)
  const { id } = await makeKey(subject)
  const act = (action: string, body?: unknown) => subject.call('POST', `/keys/${id}/${action}`, body)
  t.match(await act('disable'), { status: 200, body: { status: 'disabled', revision: 3 } })
  t.match(await act('disable'), { status: 200, body: { status: 'disabled', revision: 3 } })
  t.match(await act('enable'), {
    status: 200,
    body: { status: 'active', revision: 4 },
    headers: { etag: '"4"' },
  })
  t.match(await act('enable', { force: true }), { status: 422 })
  t.match(await act('revoke'), { status: 200, body: { status: 'revoked', revision: 5 } })
  t.match(await act('revoke'), { status: 200, body: { status: 'revoked', revision: 5 } })
  for (const action of ['enable', 'disable', 'rotate', 'rotation/end']) {
    t.match(await act(action), { status: 409, body: { error: { code: 'KEY_REVOKED' } } }, action)
  }
  t.match(await subject.call('PATCH', `/keys/${id}`, { name: 'x' }), { status: 409 })
  t.equal(subject.published.length, 5)
})

void t.test('a rotation gives a second secret at once; the old one keeps its grace of a day', async (t) => {
  const subject = await createSubject(t)
  const { id, secret } = await makeKey(subject)
  const { status, body } = await subject.call('POST', `/keys/${id}/rotate`)
  t.equal(status, 200)
  t.match(body['secret'], /^pk_live_/)
  t.not(body['secret'], secret)
  t.match(body, {
    id,
    last4: String(body['secret']).slice(-4),
    secrets: [{ expires_at: null }, { last4: secret.slice(-4), expires_at: '2026-01-16T12:00:00.000Z' }],
  })
  t.match(await subject.call('POST', `/keys/${id}/rotate`), {
    status: 409,
    body: { error: { code: 'ROTATION_IN_PROGRESS' } },
  })
  subject.clock.nowMs = startMs + 24 * 60 * 60 * 1000
  t.match(await subject.call('GET', `/keys/${id}`), { body: { secrets: [{ expires_at: null }] } })
  t.equal((await subject.call('POST', `/keys/${id}/rotate`, { grace_seconds: 60 })).status, 200)
})

void t.test('a grace of 0 and the end of a rotation leave one secret', async (t) => {
  const subject = await createSubject(t)
  const { id } = await makeKey(subject)
  const secretsOf = (body: Record<string, unknown>) => (body['secrets'] as unknown[]).length
  const rotated = await subject.call('POST', `/keys/${id}/rotate`, { grace_seconds: 0 })
  t.equal(secretsOf(rotated.body), 1)
  t.equal(secretsOf((await subject.call('POST', `/keys/${id}/rotate`, { grace_seconds: 60 })).body), 2)
  const ended = await subject.call('POST', `/keys/${id}/rotation/end`)
  t.match(ended, { status: 200, body: { revision: 5 } })
  t.equal(secretsOf(ended.body), 1)
  t.match(await subject.call('POST', `/keys/${id}/rotation/end`), { status: 200, body: { revision: 5 } })
})

void t.test('the end of a running grace is moved, both ways; what has ended stays so', async (t) => {
  const subject = await createSubject(t)
  const { id } = await makeKey(subject)
  const move = (seconds: number) =>
    subject.call('POST', `/keys/${id}/rotation/grace`, { grace_seconds: seconds })
  const endsAt = (body: Record<string, unknown>) =>
    (body['secrets'] as { expires_at: string | null }[])[1]?.expires_at
  const at = (seconds: number) => new Date(subject.clock.nowMs + seconds * 1000).toISOString()
  t.match(await move(60), { status: 404 }, 'no rotation is under way')
  await subject.call('POST', `/keys/${id}/rotate`, { grace_seconds: 3600 })
  t.equal(endsAt((await move(7200)).body), at(7200), 'later')
  t.equal(endsAt((await move(60)).body), at(60), 'earlier')
  t.match(await move(0), { status: 422 })
  t.match(await move(90 * 86_400 + 1), { status: 422 })
  t.match((await subject.call('GET', `/audit?target=${id}&action=key.rotation_grace`)).body['data'], [
    { action: 'key.rotation_grace' },
    { action: 'key.rotation_grace' },
  ])
  subject.clock.nowMs += 60_000
  t.match(await move(60), { status: 404 }, 'it is over')
  t.match(await subject.call('GET', `/keys/${id}`), { body: { secrets: [{ expires_at: null }] } })
  await subject.call('POST', `/keys/${id}/rotate`, { grace_seconds: 3600 })
  await subject.call('POST', `/keys/${id}/rotation/end`)
  t.match(await move(60), { status: 404 }, 'it was ended by hand')
  await subject.call('POST', `/keys/${id}/revoke`)
  t.match(await move(60), { status: 409, body: { error: { code: 'KEY_REVOKED' } } })
})

void t.test('a grace is a whole number of seconds, 90 days at most', async (t) => {
  const subject = await createSubject(t)
  const { id } = await makeKey(subject)
  for (const grace of [-1, 1.5, '60', null, 90 * 24 * 60 * 60 + 1]) {
    const answer = await subject.call('POST', `/keys/${id}/rotate`, { grace_seconds: grace })
    t.match(
      answer,
      { status: 422, body: { error: { details: [{ path: '/grace_seconds' }] } } },
      String(grace),
    )
  }
})

void t.test('a key that is not there is not found, whatever is asked of it', async (t) => {
  const { call } = await createSubject(t)
  for (const id of ['key_999999999999', 'mer_000000000001', 'key_%00', 'k'.repeat(300)]) {
    t.equal((await call('GET', `/keys/${id}`)).status, 404)
    t.equal((await call('PATCH', `/keys/${id}`, { name: 'x' })).status, 404)
    for (const action of ['disable', 'enable', 'revoke', 'rotate', 'rotation/end']) {
      t.match(await call('POST', `/keys/${id}/${action}`), {
        status: 404,
        body: { error: { code: 'NOT_FOUND' } },
      })
    }
    t.equal((await call('GET', `/keys/${id}/activity`)).status, 404)
  }
})
