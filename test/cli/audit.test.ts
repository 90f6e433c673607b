// Contract 2.

import t from 'tap'
import { makeKey, startMs } from '../control/subject.ts'
import { createConsole } from './console.ts'

const dayMs = 86_400_000

void t.test('the audit says who changed what, from what to what, and why', async (t) => {
  const { type, subject } = await createConsole(t)
  const { id, secret } = await makeKey(subject)
  await type('keys', 'disable', id, '--reason', 'seen in a paste')
  await type('keys', 'update', id, '--permission', 'transaction.refund', '--name', 'Till')
  const { code, stdout, stderr } = await type('audit', '--target', id)
  t.same([code, stderr], [0, ''])
  const [head, update, disable, create] = stdout.split('\n')
  t.match(head, /^AT +ACTOR +ACTION +TARGET +CHANGE +REASON +REQUEST$/)
  t.match(
    update,
    /ann +key\.update +key_\S+ +name: Checkout → Till, permissions: \["transaction.read"\] → \["transaction.refund"\] +- +req_/,
  )
  t.match(disable, /key\.disable +key_\S+ +status: active → disabled +seen in a paste +req_/)
  t.match(create, /key\.create +key_\S+ +Checkout +- +req_/)
  t.notMatch(stdout, secret)
  const listed: unknown = JSON.parse((await type('audit', '--target', id, '--json')).stdout)
  t.same(listed, (await subject.call('GET', `/audit?target=${id}`)).body)
})

void t.test('its filters narrow it; of many the newest are shown, and that there are more', async (t) => {
  const { type, subject } = await createConsole(t)
  subject.clock.nowMs = startMs - 3 * dayMs
  const old = await subject.call('POST', '/merchants', { name: 'Old' })
  subject.clock.nowMs = startMs
  for (let count = 0; count < 205; count++) await subject.call('POST', '/merchants', { name: `New ${count}` })
  const names = async (...words: string[]) => {
    const { stdout } = await type('audit', ...words, '--json')
    const { data } = JSON.parse(stdout) as { data: { after: { name: string } }[] }
    return data.map(({ after }) => after.name)
  }
  t.same(await names('--until', '24h'), ['Old'])
  t.same(await names('--since', '2026-01-12', '--until', '2026-01-13'), ['Old'])
  t.same(await names('--request', String(old.headers['x-request-id'])), ['Old'])
  t.same(await names('--actor', 'ben'), [])
  t.equal((await names('--since', '24h', '--limit', '1000')).length, 205)
  t.same(await names('--limit', '2'), ['New 204', 'New 203'])
  const { stdout, stderr } = await type('audit')
  t.equal(stdout.trimEnd().split('\n').length, 201)
  t.match(stderr, /^the newest 200; there are more/)
  for (const words of [
    ['--since', 'today'],
    ['--limit', '0'],
    ['--limit', '1e3'],
  ])
    t.match(await type('audit', ...words), { code: 2, stdout: '' })
})
