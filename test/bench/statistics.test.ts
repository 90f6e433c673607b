import t from 'tap'
import { medianOf, percentile, spreadOf } from '../../bench/statistics.ts'

void t.test('the median is the middle one, or the mean of the two in the middle', async (t) => {
  t.equal(medianOf([3, 1, 2]), 2)
  t.equal(medianOf([4, 1, 2, 3]), 2.5)
  t.equal(medianOf([7]), 7)
})

void t.test('nothing measured is no number', async (t) => {
  t.ok(Number.isNaN(medianOf([])))
  t.ok(Object.values(spreadOf([])).every(Number.isNaN))
  t.ok(Number.isNaN(percentile([], 0.5)))
})

void t.test('a spread goes from the least to the most', async (t) => {
  t.same(spreadOf([5, 1, 9]), { median: 5, least: 1, most: 9 })
})

void t.test('a percentile is the nearest rank', async (t) => {
  const hundred = Array.from({ length: 100 }, (_, i) => i + 1)
  t.equal(percentile(hundred, 0.5), 50)
  t.equal(percentile(hundred, 0.99), 99)
  t.equal(percentile(hundred, 0.999), 100)
  t.equal(percentile([1, 2, 3], 0), 1)
  t.equal(percentile(Float64Array.of(1, 2), 1), 2)
})
