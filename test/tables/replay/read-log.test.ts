import { join } from 'node:path'
import t from 'tap'
import { readLog } from '../../../src/tables/replay/read-log.ts'
import { replay } from '../../../src/tables/replay/replay.ts'
import { configOf, edit, gatewayYaml } from '../../config/files.ts'

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

t.test('what was let through and came to nothing was let through, in older logs too', async (t) => {
  const lines = [
    line,
    line.replace('"allow"', '"error","code":"UPSTREAM_TIMEOUT"'),
    line.replace('"allow"', '"error","code":"OVERLOADED"'),
    line.replace('"allow"', '"deny","code":"UPSTREAM_ERROR"'),
    line.replace('"allow"', '"deny","code":"OVERLOADED"'),
  ]
  const { recorded } = await readLog(join(t.testdir({ 'access.log': lines.join('\n') }), 'access.log'))
  t.same(
    recorded.map(({ code, requests }) => [code, requests]),
    [
      [undefined, 4],
      ['OVERLOADED', 1],
    ],
  )
})

t.test('a file that cannot be read rejects', async (t) => {
  await t.rejects(readLog('none.log'), { code: 'ENOENT' })
  await t.rejects(readLog('test'), { code: 'EISDIR' })
})

t.test(
  'what was let through a public OPTIONS route may have been a preflight, and pass as one',
  async (t) => {
    const one = {
      api: 'flintn',
      method: 'OPTIONS',
      template: '/x',
      merchant: 'm',
      code: undefined,
      requests: 1,
    }
    const recorded = [
      { ...one, keyId: undefined, required: { kind: 'public' as const }, held: undefined },
      { ...one, keyId: 'k', required: { kind: 'all' as const, permissions: ['a.read'] }, held: undefined },
    ]
    const table = 'permissions: { a.read: Read }\nroutes:\n  GET /x: a.read\n'
    const permissions = '    permissions: table.yaml'
    for (const cors of ['off', 'upstream', '{ origins: ["*"] }']) {
      const gateway = edit(gatewayYaml, permissions, `${permissions}\n    cors: ${cors}`)
      const { certain, requests } = replay(await configOf(t, { gateway, table }), recorded, new Map())
      t.equal(requests, 2)
      t.equal(certain.requests, cors === 'off' ? 2 : 1, cors)
    }
  },
)

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
