import t from 'tap'
import { createLiveRate, liveASecond, sees } from '../../src/telemetry/live.ts'

void t.test('everybody sees what is theirs, and what belongs to nobody is the platform’s', async (t) => {
  const of = { merchantId: 'mer_1', api: 'flintn' }
  t.ok(sees({ merchantIds: null, apis: null }, of))
  t.ok(sees({ merchantIds: ['mer_1'], apis: ['flintn'] }, of))
  t.notOk(sees({ merchantIds: ['mer_2'], apis: null }, of))
  t.notOk(sees({ merchantIds: [], apis: null }, of))
  t.notOk(sees({ merchantIds: null, apis: ['flint'] }, of))
  t.notOk(sees({ merchantIds: ['mer_1'], apis: null }, { merchantId: null, api: 'flintn' }))
  t.notOk(sees({ merchantIds: null, apis: ['flintn'] }, { merchantId: 'mer_1', api: null }))
})

void t.test('in any second there are 50 at most, of the whole second, and few are all told', async (t) => {
  let now = 0
  const mayTell = createLiveRate(() => now)
  const told: number[] = []
  for (; now < 5_000; now += 1) if (mayTell()) told.push(now)
  for (const from of told) t.ok(told.filter((at) => at >= from && at < from + 1_000).length <= liveASecond)
  const inThird = told.filter((at) => at >= 3_000 && at < 4_000)
  t.ok(inThird.length >= 40, `${inThird.length}`)
  t.ok(
    inThird.some((at) => at >= 3_800),
    'not the first ones alone',
  )
  now = 20_000
  let all = 0
  for (let i = 0; i < liveASecond; i++) all += Number(mayTell())
  t.equal(all, liveASecond)
})
