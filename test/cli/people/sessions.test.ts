// Contract 9.1: sessions, from the command line.

import t from 'tap'
import { makePerson, sessionOf } from '../../control/people/people.ts'
import { createConsole } from '../console.ts'

void t.test('sessions are listed by whose they are, and ended one by one or all at once', async (t) => {
  const { type, subject } = await createConsole(t)
  const id = await makePerson(subject.db, { email: 'ann@x.test', operator: 'support' })
  const first = await sessionOf(subject, id)
  const second = await sessionOf(subject, id)
  const other = await sessionOf(subject, await makePerson(subject.db, { operator: 'support' }))
  const isIn = async (headers: Readonly<Record<string, string>>) =>
    (await subject.app.inject({ url: '/hub/v1/session', headers })).statusCode === 200

  const listed = await type('sessions', 'list', 'Ann@x.test')
  t.match(listed, { code: 0, stderr: '' })
  const ids = [...listed.stdout.matchAll(/^(ses_\w+) .* 127\.0\.0\.1 +test$/gm)].map(([, one = '']) => one)
  t.equal(ids.length, 2)
  t.match(await type('sessions', 'end', ids[0] ?? '', '--reason', 'lost'), { code: 0, stdout: /has ended/ })
  t.not(await isIn(first), await isIn(second), 'one of the two')
  t.match(await type('sessions', 'end', ids[0] ?? ''), { code: 1, stderr: /\[NOT_FOUND\]/ })
  t.match(await type('sessions', 'end', '--email', 'ann@x.test'), {
    code: 0,
    stdout: '1 session has ended.\n',
  })
  t.same([await isIn(first), await isIn(second), await isIn(other)], [false, false, true])
  t.match(await type('sessions', 'end', '--email', 'ann@x.test'), {
    code: 0,
    stdout: '0 sessions have ended.\n',
  })
  t.match(await type('sessions', 'end', '--email', 'nobody@x.test'), { code: 1, stderr: /\[NOT_FOUND\]/ })
  t.match(await type('sessions', 'list', 'nobody@x.test'), { code: 1, stderr: /\[NOT_FOUND\]/ })
  t.equal((await type('sessions', 'end')).code, 2)
  t.equal((await type('sessions', 'end', 'ses_1', '--email', 'ann@x.test')).code, 2)
  t.match((await subject.call('GET', '/audit?action=operator.sessions_end')).body, {
    data: [
      { actor: 'ann', target: id, reason: null },
      { actor: 'ann', target: id, reason: 'lost' },
    ],
  })
})
