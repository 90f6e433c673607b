import * as fc from 'fast-check'
import t from 'tap'
import { createSeal } from '../../src/lookup/seal.ts'

const seal = createSeal('a-cache-key-of-more-than-32-characters')

t.test('what was sealed for a place opens there', (t) => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), fc.string(), (text, place) => {
      t.equal(seal.open(place, seal.close(place, text)), text)
    }),
  )
  t.end()
})

t.test('it opens for every process with the same cache key', (t) => {
  const other = createSeal('a-cache-key-of-more-than-32-characters')
  t.equal(other.open('p', seal.close('p', 'text')), 'text')
  t.end()
})

t.test('it does not open at another place', (t) => {
  t.equal(seal.open('q', seal.close('p', 'text')), undefined)
  t.equal(seal.open('p\0t', seal.close('p', 't\0text')), undefined, 'nor where place and text shift')
  t.end()
})

t.test('it does not open under another cache key', (t) => {
  const other = createSeal('another-cache-key-of-more-than-32-chars')
  t.equal(other.open('p', seal.close('p', 'text')), undefined)
  t.end()
})

t.test('nothing that was changed in one character opens', (t) => {
  const sealed = seal.close('p', '{"status":"revoked"}')
  const position = fc.integer({ min: 0, max: sealed.length - 1 })
  fc.assert(
    fc.property(position, fc.string({ minLength: 1, maxLength: 1 }), (at, char) => {
      const changed = sealed.slice(0, at) + char + sealed.slice(at + 1)
      const opened = seal.open('p', changed)
      // The last digit of the seal has bits that stand for nothing; the text itself is never another.
      t.ok(opened === undefined || opened === '{"status":"revoked"}')
    }),
    { numRuns: 500 },
  )
  t.end()
})

t.test('what was never sealed does not open', (t) => {
  for (const text of ['', '.', 'text', '.text', `${'A'.repeat(43)}.text`, 'AAAA.text']) {
    t.equal(seal.open('p', text), undefined, JSON.stringify(text))
  }
  t.end()
})
