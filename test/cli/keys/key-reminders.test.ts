import t from 'tap'
import { makeKey } from '../../control/subject.ts'
import { createConsole } from '../console.ts'

void t.test('keys to look after are listed, with what for', async (t) => {
  const { type, subject } = await createConsole(t)
  t.match(await type('keys', 'reminders'), { code: 0, stderr: '' })
  const { id } = await makeKey(subject)
  await makeKey(subject)
  subject.clock.nowMs += 91 * 86_400_000
  const one = await type('keys', 'reminders', '--limit', '1')
  t.match(one, { code: 0, stderr: /there are more/ })
  const { stdout } = await type('keys', 'reminders')
  t.match(stdout, /^KEY .*UNUSED SINCE\n/)
  t.match(stdout, new RegExp(`^${id} .*Checkout +2026-04-15 \\S+ +- +2026-01-15 `, 'm'))
  const { body } = await subject.call('GET', '/reminders')
  t.same(JSON.parse((await type('keys', 'reminders', '--json')).stdout), body)
})
