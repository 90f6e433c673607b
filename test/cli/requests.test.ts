// Contract 2: `latchkey requests show REQ`.

import t from 'tap'
import { sentences } from '../../src/errors/sentences.ts'
import { seedRequests } from '../store/seed.ts'
import { createConsole } from './console.ts'

void t.test('a request is shown with its reason in words, or why it is not', async (t) => {
  const { type, subject } = await createConsole(t)
  await seedRequests(
    subject.db,
    {
      id: 'req_1',
      code: 'INSUFFICIENT_PERMISSIONS',
      reason: 'denied_permission',
      required: ['a.b'],
    },
    {
      id: 'req_2',
      code: null,
      reason: null,
      decision: 'allow',
      status: 500,
      upstreamStatus: 500,
    },
  )
  const shown = await type('requests', 'show', 'req_1')
  t.same([shown.code, shown.stderr], [0, ''])
  t.match(shown.stdout, sentences.INSUFFICIENT_PERMISSIONS['denied_permission'])
  t.match(shown.stdout, /^Needs +a\.b$/m)
  t.match(shown.stdout, /^Status +401$/m)
  t.match((await type('requests', 'show', 'req_2')).stdout, /^Upstream +answered 500$/m)
  const json: unknown = JSON.parse((await type('requests', 'show', 'req_1', '--json')).stdout)
  t.same(json, (await subject.call('GET', '/requests/req_1')).body)
  t.match(await type('requests', 'show', 'req_01K8ZX3V9Q4M7N2R5T8W1Y3B6D'), {
    code: 1,
    stderr: /was made at 20/,
  })
})

void t.test('requests are listed, newest first', async (t) => {
  const { type, subject } = await createConsole(t)
  const atMs = Date.now() - 5_000
  await seedRequests(
    subject.db,
    { id: 'req_1', atMs },
    { id: 'req_2', atMs: atMs + 1, code: 'UPSTREAM_ERROR', reason: 'reset', status: 502 },
  )
  const listed = await type('requests', 'list')
  t.match(
    listed.stdout,
    /^AT .*REASON\n.*req_2 .*UPSTREAM_ERROR +reset\n.*req_1 .*INVALID_API_KEY +revoked\n$/,
  )
  t.match((await type('requests', 'list', '--code', 'UPSTREAM_ERROR', '--limit', '1')).stdout, /req_2/)
  t.match(await type('requests', 'list', '--limit', '1'), { stderr: /there are more/ })
})
