// Contract 2.

import t from 'tap'
import { addActivity } from '../../src/store/activity/activity-table.ts'
import { makeKey, startMs } from '../control/subject.ts'
import { createConsole } from './console.ts'

void t.test('activity is shown by merchant, of a merchant by key, of a key by route', async (t) => {
  const { type, subject } = await createConsole(t)
  const { id } = await makeKey(subject)
  const merchant = String((await subject.call('GET', `/keys/${id}`)).body['merchant_id'])
  const of = {
    keyId: id,
    secretId: 'sec_1',
    api: 'flintn',
    environment: 'live',
    minuteMs: startMs - 60_000,
    lastUsedAtMs: null,
  }
  const counts = [
    { ...of, route: 'GET /v1/x', outcome: 'allow', count: 5 },
    { ...of, route: 'GET /v1/y', outcome: 'INSUFFICIENT_PERMISSIONS', count: 2 },
    { ...of, minuteMs: startMs - 3 * 86_400_000, route: 'GET /v1/x', outcome: 'allow', count: 30 },
  ]
  await addActivity(subject.db, { id: 'batch-1', counts })
  const rows = async (...words: string[]) => {
    const { code, stdout, stderr } = await type('activity', ...words)
    t.same([code, stderr], [0, ''], words.join(' '))
    return stdout
      .trimEnd()
      .split('\n')
      .map((line) => line.split(/ {2,}/))
  }
  const figures = ['REQUESTS', 'ALLOWED', 'REFUSED OR FAILED']
  t.same(await rows(), [
    ['MERCHANT', ...figures],
    [merchant, '7', '5', '2'],
  ])
  t.same(await rows('--merchant', merchant), [
    ['KEY', ...figures],
    [id, '7', '5', '2'],
  ])
  t.same(await rows('--key', id), [
    ['API', 'ROUTE', ...figures],
    ['flintn', 'GET /v1/x', '5', '5', '0'],
    ['flintn', 'GET /v1/y', '2', '0', '2'],
  ])
  t.same(await rows('--by', 'outcome', '--since', '7d', '--env', 'live'), [
    ['OUTCOME', ...figures],
    ['allow', '35', '35', '0'],
    ['INSUFFICIENT_PERMISSIONS', '2', '0', '2'],
  ])
  t.same(await rows('--by', 'day', '--since', '7d', '--outcome', 'allow'), [
    ['DAY', ...figures],
    ['2026-01-15', '5', '5', '0'],
    ['2026-01-12', '30', '30', '0'],
  ])
  t.same(await rows('--by', 'environment', '--route', 'GET /v1/y'), [
    ['API', 'ENVIRONMENT', ...figures],
    ['flintn', 'live', '2', '0', '2'],
  ])
  t.match(await type('activity', '--by', 'route', '--limit', '1'), { stderr: /there are more/ })
  t.equal((await type('activity', '--key', id, '--merchant', merchant)).code, 2)
  const listed: unknown = JSON.parse((await type('activity', '--json')).stdout)
  t.same(listed, (await subject.call('GET', '/activity')).body)
})
