// Contract 2 and 11.

import t from 'tap'
import { addQuotaUse } from '../../src/store/activity/quota-table.ts'
import { makeMerchant } from '../control/subject.ts'
import { createConsole } from './console.ts'

void t.test('what was used of quotas is shown, the nearest to its end first', async (t) => {
  const { type, subject } = await createConsole(t)
  const [one, other] = [await makeMerchant(subject), await makeMerchant(subject)]
  const of = { api: 'flintn', environment: 'live', monthMs: Date.UTC(2026, 0) }
  const items = [
    { ...of, subject: one, count: 5 },
    { ...of, subject: other, count: 99 },
  ]
  await addQuotaUse(subject.db, { id: 'batch', items })
  const rows = async (...words: string[]) => {
    const { code, stdout, stderr } = await type('quotas', ...words)
    t.equal(code, 0)
    const [, ...lines] = stdout.trimEnd().split('\n')
    return { lines: lines.map((line) => line.split(/ {2,}/)), stderr }
  }
  const line = (id: string, used: string, percent: string) => [
    ...[id, '-', 'flintn', 'live', 'monthly', used, '100', percent, '-'],
  ]
  t.same(await rows(), { lines: [line(other, '99', '99.00'), line(one, '5', '5.00')], stderr: '' })
  t.same((await rows('--merchant', one, '--month', '2026-01')).lines, [line(one, '5', '5.00')])
  t.same((await rows('--month', '2025-12')).lines, [])
  t.match(await rows('--limit', '1'), { lines: [line(other, '99', '99.00')], stderr: /there are more/ })
})
