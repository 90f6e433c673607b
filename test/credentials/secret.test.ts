// Contract 4.

import { inspect } from 'node:util'
import { hash } from 'node:crypto'
import * as fc from 'fast-check'
import t from 'tap'
import {
  canonicalPrefix,
  digestOf,
  generateSecret,
  hasPrefix,
  isPresentable,
  isWellFormed,
  lastFour,
  lengthAfter,
  prefixMatcher,
  Secret,
} from '../../src/credentials/secret.ts'

const base62 = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'
const prefixes = fc.stringMatching(/^[A-Za-z0-9_-]{1,64}$/)

void t.test('a generated key is well formed for its prefix', async () => {
  fc.assert(
    fc.property(prefixes, (prefix) => {
      const secret = generateSecret(prefix)
      const text = Secret.reveal(secret)
      return (
        isWellFormed(secret, prefix) &&
        isPresentable(secret) &&
        hasPrefix(secret, prefix) &&
        text.length === prefix.length + 38 &&
        lastFour(secret) === text.slice(-4)
      )
    }),
  )
})

void t.test('no two generated keys are the same', async (t) => {
  const made = new Set(Array.from({ length: 1000 }, () => Secret.reveal(generateSecret('pk_live_'))))
  t.equal(made.size, 1000)
})

// A CRC-32 finds every burst of errors up to 32 bits long, so every change of one character.
void t.test('a key with any one character changed is malformed', async () => {
  const changes = fc.record({
    place: fc.nat({ max: 45 }),
    character: fc.constantFrom(...base62.split(''), '_', '-', ' ', '\0', 'é'),
  })
  fc.assert(
    fc.property(changes, ({ place, character }) => {
      const text = Secret.reveal(generateSecret('pk_live_'))
      fc.pre(text[place] !== character)
      const changed = text.slice(0, place) + character + text.slice(place + 1)
      return !isWellFormed(new Secret(changed), 'pk_live_')
    }),
    { numRuns: 2000 },
  )
})

void t.test('a key with two neighbours swapped, cut short or lengthened is malformed', async (t) => {
  const text = Secret.reveal(generateSecret('pk_live_'))
  for (let place = 0; place < text.length - 1; place++) {
    const [a = '', b = ''] = [text[place], text[place + 1]]
    if (a === b) continue
    const swapped = text.slice(0, place) + b + a + text.slice(place + 2)
    t.notOk(isWellFormed(new Secret(swapped), 'pk_live_'), `at ${place}`)
  }
  for (const other of [
    '',
    text.slice(0, -1),
    text.slice(1),
    `${text}0`,
    `0${text}`,
    ` ${text}`,
    `${text}\n`,
  ]) {
    t.notOk(isWellFormed(new Secret(other), 'pk_live_'))
  }
})

void t.test('a key is well formed for no other prefix', async (t) => {
  const secret = generateSecret('pk_live_')
  for (const prefix of ['pk_test_', 'pk_live', 'pk_live_0', 'PK_LIVE_', '']) {
    t.notOk(isWellFormed(secret, prefix), prefix)
  }
})

// Computed with Python's zlib.crc32, written in base 62 with the most significant digit first.
void t.test('the checksum is that of the format, also where it begins with zeros', async (t) => {
  const random = '0123456789ABCDEFGHIJKLMNOPQRSTUV'
  for (const [prefix, checksum] of [
    ['pk_live_', '1j90KZ'],
    ['pk_test_', '4MGJsc'],
    ['flint_live_', '3cUyjY'],
    ['flint_test_', '29qrrp'],
    ['p15035_', '0002Ll'],
  ] as const) {
    t.ok(isWellFormed(new Secret(prefix + random + checksum), prefix), prefix)
  }
})

void t.test('a secret shows itself to nobody who prints it', async (t) => {
  const secret = new Secret('pk_live_do-not-print')
  const printed = [
    String(secret),
    JSON.stringify({ secret }),
    inspect(secret),
    inspect({ deep: [secret] }, { showHidden: true, depth: 9 }),
    JSON.stringify(Object.entries(secret)),
    JSON.stringify(Object.assign({}, secret)),
    new Error('with cause', { cause: secret }).stack ?? '',
    inspect(new Error('with cause', { cause: secret })),
  ]
  for (const text of printed) t.notMatch(text, /do-not-print/)
})

void t.test('what is stored is the SHA-256 of the whole', async (t) => {
  t.equal(digestOf(new Secret('abc')), 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad')
  const secret = generateSecret('pk_live_')
  t.equal(digestOf(secret), hash('sha256', Secret.reveal(secret)))
})

void t.test('only short texts of letters, digits, dash and underscore are looked at', async (t) => {
  t.ok(isPresentable(new Secret('aZ09_-')))
  t.ok(isPresentable(new Secret('a'.repeat(256))))
  for (const text of ['', 'a'.repeat(257), 'a b', 'a\n', 'ä', 'a.b', 'a\0', 'a%20']) {
    t.notOk(isPresentable(new Secret(text)), JSON.stringify(text.slice(0, 8)))
  }
})

void t.test('the length of a secret is counted after the prefix that it has', async (t) => {
  t.equal(lengthAfter(new Secret('pk_live_abc'), 'pk_live_'), 3)
  t.equal(lengthAfter(new Secret('abc'), 'pk_live_'), 3)
})

void t.test(
  'a denied beginning is found, whatever its length, and kept without the rest of a secret',
  async (t) => {
    const secret = generateSecret('pk_live_')
    const text = Secret.reveal(secret)
    for (const length of [4, 8, 12, 13, 40, text.length]) {
      const kept = canonicalPrefix(text.slice(0, length))
      t.equal(kept.includes(text.slice(0, 13)), false)
      t.equal(canonicalPrefix(kept), kept)
      t.equal(prefixMatcher([kept, 'other', `${'x'.repeat(12)}~${length}~hash`])(secret), true, `${length}`)
      t.equal(prefixMatcher([kept])(generateSecret('pk_test_')), false)
    }
    t.equal(prefixMatcher([])(secret), false)
    t.equal(prefixMatcher([canonicalPrefix(`${text}0`), 'pk_live_?'])(secret), false)
    t.equal(prefixMatcher(['pk_live_'])(new Secret('pk_live')), false)
  },
)
