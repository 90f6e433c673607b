import * as fc from 'fast-check'
import t from 'tap'
import { cacheKeysOf, createSeal } from '../../src/lookup/seal.ts'

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

t.test('of several keys the first one writes, and all read', (t) => {
  const [older, newer] = [
    'the-old-cache-key-of-32-characters-or-so',
    'the-new-cache-key-of-32-characters-or-so',
  ]
  const both = createSeal(newer, older)
  const [old, fresh] = [createSeal(older), createSeal(newer)]
  t.equal(both.open('p', old.close('p', 'text')), 'text')
  t.equal(fresh.open('p', both.close('p', 'text')), 'text')
  t.equal(old.open('p', both.close('p', 'text')), undefined)
  t.equal(
    both.open('p', createSeal('a-third-cache-key-of-32-characters-or-so').close('p', 'text')),
    undefined,
  )
  t.same(
    [
      both.isByFirst('p', both.close('p', 'x')),
      both.isByFirst('p', old.close('p', 'x')),
      both.isByFirst('p', 'x'),
    ],
    [true, false, false],
  )
  t.same(both.fingerprints, [...fresh.fingerprints, ...old.fingerprints])
  t.same(both.namesOf('x'), [...fresh.namesOf('x'), ...old.namesOf('x')])
  t.end()
})

t.test('a fingerprint and a name tell keys and texts apart, and are neither', (t) => {
  const key = 'a-cache-key-of-more-than-32-characters'
  t.match(createSeal(key).fingerprints[0], /^[0-9a-f]{12}$/)
  t.not(createSeal(key).fingerprints[0], createSeal(`${key}x`).fingerprints[0])
  t.not(createSeal(key).namesOf('a')[0], createSeal(key).namesOf('b')[0])
  t.not(createSeal(key).namesOf('a')[0], createSeal(`${key}x`).namesOf('a')[0])
  t.end()
})

t.test('the variable holds one key, or several with commas between', (t) => {
  t.same(cacheKeysOf('a'), ['a'])
  t.same(cacheKeysOf('new,old'), ['new', 'old'])
  t.same(cacheKeysOf(''), [''])
  t.end()
})
