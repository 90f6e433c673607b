import t from 'tap'
import { ratiosOf } from '../../bench/scenarios/against.ts'

function result(name: string, ...cpu: number[]) {
  const round = { perSecond: 1, storeMicros: null, busyCores: 1, machineBusy: 1, rssMiB: 1 }
  return { name, throughput: cpu.map((cpuMicros) => ({ ...round, cpuMicros })) }
}

void t.test(
  'the ratio is of all processes of each kind: the least, the median, and round by round',
  async (t) => {
    const ratios = Object.values(
      ratiosOf([
        result('this 1', 40, 44, 80),
        result('other 1', 50, 40, 40),
        result('this 2', 44, 44, 80),
        result('other 2', 50, 44, 40),
      ]),
    )
    t.strictSame(ratios, [40 / 40, 44 / 42, 88 / 84])
  },
)

void t.test('of a kind that was not measured there is none', async (t) => {
  t.ok(Object.values(ratiosOf([result('this 1', 40)])).every(Number.isNaN))
})
