import t from 'tap'
import { quotaText, rateText } from '../../src/config/limit-text.ts'
import { allowanceOf } from '../../src/config/rate-limits.ts'

void t.test('limits are written as the file writes them', async (t) => {
  const limit = { api: 'flintn', name: 'default', per: 'key', ofPlans: new Map() } as const
  const rate = (text: string, burst: number | null, isShadow = false) =>
    rateText({ ...limit, allowance: allowanceOf(text, burst), isShadow })
  t.equal(rate('100/s', 200), '100/s, burst 200, per key')
  t.equal(rate('20/min', null), '20/min, burst 20, per key')
  t.equal(rate('5/h', 1, true), '5/h, burst 1, per key, in shadow')
  t.equal(rate('7/d', 1), '7/d, burst 1, per key')
  t.equal(quotaText({ ...limit, requests: 9 }), '9 a month, per key')
})
