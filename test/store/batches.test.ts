import t from 'tap'
import { inBatches } from '../../src/store/batches.ts'
import { StoreUnavailableError } from '../../src/store/postgres-errors.ts'

const goOn = () => false

void t.test('batches go on until one is not full', async (t) => {
  let left = 12_345
  const asked: number[] = []
  const take = async (most: number) => {
    asked.push(most)
    const taken = Math.min(most, left)
    left -= taken
    return taken
  }
  t.equal(await inBatches(take, goOn), 12_345)
  t.same(asked, [5_000, 5_000, 5_000])
})

void t.test(
  'what takes too long is tried with fewer; at last, and for any other reason, it fails',
  async (t) => {
    const asked: number[] = []
    const slow = (code: string) => async (most: number) => {
      asked.push(most)
      throw new StoreUnavailableError(code)
    }
    await t.rejects(inBatches(slow('57014'), goOn), { code: '57014' })
    t.same(asked, [5_000, 1_250, 312, 78, 50])
    asked.length = 0
    await t.rejects(inBatches(slow('42501'), goOn), { code: '42501' })
    t.same(asked, [5_000])
  },
)

void t.test('it ends between two batches', async (t) => {
  let batches = 0
  t.equal(
    await inBatches(
      async (most) => (batches++, most),
      () => batches === 2,
    ),
    10_000,
  )
})
