import { setTimeout as sleep } from 'node:timers/promises'
import t from 'tap'
import { deny } from '../../../src/errors/denial.ts'
import { createLiveSource } from '../../../src/gateway/record/live-source.ts'
import { createOutcomes } from '../../../src/gateway/record/outcome.ts'
import { createMetrics } from '../../../src/telemetry/metrics.ts'
import type { LiveDecision } from '../../../src/telemetry/live.ts'
import { accessOf, loadDemo, principalOf } from '../subject.ts'

const access = accessOf(await loadDemo())
const outcomes = createOutcomes(createMetrics())

void t.test('nothing is taken while nobody watches; each that is watched has its own share', async (t) => {
  const told: LiveDecision[] = []
  const source = createLiveSource({
    hand: (batch) => void told.push(...batch),
    now: () => 5,
    monotonicNow: () => 0,
    handEveryMs: 1,
  })
  const decide = (merchantId: string) => {
    const of = {
      principal: principalOf({ merchantId }),
      denial: deny('INVALID_API_KEY', 'revoked'),
      status: 401,
    }
    const one = { ...access, ...of }
    if (source.isWanted) source.take(one, outcomes.of(one), 1.234_567)
  }
  decide('mer_1')
  t.notOk(source.isWanted)
  source.want([
    { merchantIds: ['mer_1'], apis: null },
    { merchantIds: null, apis: null },
  ])
  t.ok(source.isWanted)
  for (let i = 0; i < 200; i++) decide('mer_2')
  for (let i = 0; i < 3; i++) decide('mer_1')
  while (told.length < 53) await sleep(2)
  t.equal(told.length, 53)
  t.equal(told.filter(({ merchantId }) => merchantId === 'mer_1').length, 3)
  t.match(told.at(-1), {
    ...{ atMs: 5, requestId: 'req_test', merchantId: 'mer_1', keyId: 'key_a', decision: 'deny' },
    ...{ code: 'INVALID_API_KEY', reason: 'revoked', status: 401, gatewayMs: 1.235 },
  })
  source.want([])
  t.notOk(source.isWanted)
  source.stop()
})
