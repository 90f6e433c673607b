import * as fc from 'fast-check'
import t from 'tap'
import { createIds, timeOfId } from '../../src/telemetry/request-id.ts'

t.test('an id is its prefix and a ULID', (t) => {
  const newId = createIds(() => 1_469_918_176_385)
  const id = newId('req')
  t.match(id, /^req_[0-9A-HJKMNP-TV-Z]{26}$/)
  // The example of the ULID specification.
  t.equal(id.slice(4, 14), '01ARYZ6S41')
  t.end()
})

t.test('ids sort by the time at which they were made', (t) => {
  const time = fc.integer({ min: 0, max: 2 ** 48 - 1 })
  fc.assert(
    fc.property(time, time, (first, second) => {
      let nowMs = first
      const newId = createIds(() => nowMs)
      const before = newId('x').slice(0, 12)
      nowMs = second
      const after = newId('x').slice(0, 12)
      t.equal(before < after, first < second)
    }),
  )
  t.end()
})

t.test('two makers in turn draw each their own', (t) => {
  const [one, other] = [createIds(() => 1), createIds(() => 1)]
  const ids = Array.from({ length: 2_000 }, () => [one('req'), other('key')]).flat()
  t.equal(new Set(ids.map((id) => id.slice(-16))).size, ids.length)
  t.end()
})

t.test('no two are the same, also within a millisecond and from several makers', (t) => {
  const makers = [createIds(() => 1), createIds(() => 1)]
  const ids = makers.flatMap((newId) => Array.from({ length: 50_000 }, () => newId('req')))
  t.equal(new Set(ids).size, ids.length)
  t.end()
})

t.test('every digit after the time is random', (t) => {
  const newId = createIds(() => 1)
  const ids = Array.from({ length: 2_000 }, () => newId('x').slice(-16))
  for (let i = 0; i < 16; i++) t.equal(new Set(ids.map((id) => id.charAt(i))).size, 32, `digit ${i}`)
  t.end()
})

t.test('an id tells when it was made; what is none tells nothing', (t) => {
  for (const ms of [0, 1_469_918_176_385, 253_402_300_799_999])
    t.equal(timeOfId(createIds(() => ms)('req')), ms)
  for (const text of [
    '',
    'req_',
    'req_1',
    'req_01ARYZ6S41',
    `req_${'I'.repeat(26)}`,
    `req_${'0'.repeat(27)}`,
  ])
    t.equal(timeOfId(text), undefined, text)
  t.end()
})
