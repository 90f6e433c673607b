import { join } from 'node:path'
import t from 'tap'
import { readLog } from '../../../src/config/replay/read-log.ts'
import { replay } from '../../../src/config/replay/replay.ts'
import { configOf } from '../files.ts'

const line =
  '{"msg":"request","api":"flintn","route":"GET /v1/transactions/{id}","decision":"allow","key_id":"key_1"}'

t.test('equal requests are counted, whatever lines stand between them', async (t) => {
  const lines = [
    line,
    '',
    '{',
    '[]',
    'null',
    '{"route":"GET","api":"a","decision":"allow"}',
    `${line}\r`,
    'x'.repeat(300_000),
    line,
  ]
  const folder = t.testdir({ 'access.log': lines.join('\n') })
  const { recorded, skipped } = await readLog(join(folder, 'access.log'))
  t.match(recorded, [
    { api: 'flintn', method: 'GET', template: '/v1/transactions/{id}', keyId: 'key_1', requests: 3 },
  ])
  t.equal(recorded.length, 1)
  t.equal(skipped, 5)
})

t.test('a file that cannot be read rejects', async (t) => {
  await t.rejects(readLog('none.log'), { code: 'ENOENT' })
  await t.rejects(readLog('test'), { code: 'EISDIR' })
})

t.test('a replay counts only what was let through', async (t) => {
  const config = await configOf(t, {})
  const one = {
    api: 'flintn',
    method: 'GET',
    template: '/gone',
    keyId: 'k',
    merchant: 'm',
    required: undefined,
    held: undefined,
  }
  const recorded = [
    { ...one, code: undefined, requests: 2 },
    { ...one, code: 'INVALID_API_KEY', requests: 5 },
  ]
  t.match(replay(config, recorded, new Map()), {
    allowed: 2,
    requests: 2,
    merchants: ['m'],
    certain: { requests: 2 },
  })
})
