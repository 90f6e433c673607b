import t from 'tap'
import { readEmail } from '../../src/credentials/email.ts'

void t.test('an address has one spelling', async (t) => {
  for (const [text, address] of [
    ['ann@example.com', 'ann@example.com'],
    ['Ann.B+tag@Example.COM', 'ann.b+tag@example.com'],
    ["o'brien@example.co.uk", "o'brien@example.co.uk"],
    ['ops@localhost', 'ops@localhost'],
    [`${'a'.repeat(64)}@example.com`, `${'a'.repeat(64)}@example.com`],
  ] as const) {
    t.equal(readEmail(text), address)
  }
})

void t.test('what is none, or could be taken for another one, is refused', async (t) => {
  for (const text of [
    ...['', 'ann', '@example.com', 'ann@', 'a@b@c.com', 'ann@-x.com', 'ann@x-.com', 'ann@.com', 'ann@x..com'],
    ...['.ann@x.com', 'ann.@x.com', 'a..b@x.com', 'ann@x.com.', ' ann@x.com', 'ann@x.com ', 'ann@x.com\n'],
    ...[
      '"a b"@x.com',
      'ann@[127.0.0.1]',
      'ann(c)@x.com',
      'Ann <ann@x.com>',
      'ann@x.com,bo@x.com',
      'ann@x.com\0',
    ],
    // A Kelvin sign is a small k for toLowerCase; the others look like letters.
    ...['\u212Aim@x.com', 'ann@\u212A.com', '\u0430nn@x.com', 'ann\u200b@x.com', 'ann@x\u3002com'],
    ...[`${'a'.repeat(65)}@example.com`, `ann@${'a.'.repeat(130)}com`, `ann@${'a'.repeat(64)}.com`],
  ]) {
    t.equal(readEmail(text), undefined, JSON.stringify(text))
  }
  t.equal(readEmail(`${'a'.repeat(60)}@${'b'.repeat(10_000)}`), undefined)
})
