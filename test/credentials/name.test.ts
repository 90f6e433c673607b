import t from 'tap'
import { normalName, readName } from '../../src/credentials/name.ts'

t.test('a name comes in one form: NFC, without white space at its ends', async (t) => {
  t.same(readName('Cafe\u0301'), { ok: true, name: 'Café' })
  t.same(readName(' \t\u00a0\u3000Acme  Ltd\ufeff\n'), { ok: true, name: 'Acme  Ltd' })
  t.equal(normalName('  e\u0301 '), 'é')
  for (const name of ['Ünïcode & Söhne 商店 🛒', 'می‌خواهم', '👩🏽‍🚒', '❤️', '7', '$', '-']) {
    t.same(readName(name), { ok: true, name })
    t.same(readName(name.normalize('NFD')), { ok: true, name })
  }
})

t.test('its length counts in characters, of the form that is kept', async (t) => {
  t.match(readName('e\u0301'.repeat(100)), { ok: true })
  t.match(readName(`${' '.repeat(1000)}${'🛒'.repeat(100)}`), { ok: true })
  t.match(readName('x'.repeat(101)), { ok: false, message: /more than 100 characters/ })
  // NFC makes two characters of each of these.
  t.match(readName('\u0958'.repeat(51)), { ok: false, message: /more than 100 characters/ })
})

t.test('what cannot be seen is refused, with its place and nothing of the text', async (t) => {
  const codes = [
    0, 0x0a, 0x1b, 0x7f, 0x85, 0xad, 0x61c, 0x200b, 0x200c, 0x200d, 0x200e, 0x2028, 0x202e, 0x2060,
  ]
  for (const code of [...codes, 0x2066, 0x3164, 0xd800, 0xe000, 0xfe0f, 0xfeff, 0xffff, 0xe0041, 0x10ffff]) {
    const read = readName(`Acme${String.fromCodePoint(code)}Ltd`)
    t.match(read, { ok: false, message: /^must be printable: its character 5 is/ }, code.toString(16))
    t.notMatch(JSON.stringify(read), /Acme|Ltd/)
  }
})

t.test('a name must be one: something to see, and standing by itself', async (t) => {
  for (const text of ['', ' ', '\u3000\n', '\ufeff']) t.match(readName(text), { message: /empty/ })
  t.match(readName('\u2800\u2800'), { message: /can be seen/ })
  t.match(readName('\u0301x'), { message: /combining mark/ })
})
