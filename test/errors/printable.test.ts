import t from 'tap'
import { printable, printableLines, unprintableAt } from '../../src/errors/printable.ts'

t.test('what does not print stands there as an escape that JSON reads back', async (t) => {
  const codes = [
    ...Array.from({ length: 0x20 }, (_, code) => code),
    ...Array.from({ length: 0x21 }, (_, index) => 0x7f + index),
    ...[0xad, 0x34f, 0x61c, 0x115f, 0x1160, 0x17b4, 0x180e, 0x200b, 0x200e, 0x200f, 0x2028, 0x2029, 0x202a],
    ...[0x202b, 0x202c, 0x202d, 0x202e, 0x2060, 0x2064, 0x2066, 0x2067, 0x2068, 0x2069, 0x206f, 0x3164],
    ...[0xd800, 0xdfff, 0xe000, 0xf8ff, 0xfeff, 0xffa0, 0xfff9, 0xfffe, 0xffff, 0x1d173, 0xe0001, 0xe0041],
    ...[0xe01ef, 0xf0000, 0x10ffff],
  ]
  for (const code of codes) {
    const text = String.fromCodePoint(code)
    const shown = printable(`a${text}b`)
    t.match(shown, /^a(?:\\[nrt]|(?:\\u[0-9a-f]{4}){1,2})b$/, code.toString(16))
    t.equal(JSON.parse(`"${shown}"`), `a${text}b`, code.toString(16))
    t.equal(unprintableAt(`a😀${text}`), 3)
  }
})

t.test('what people write stays as it is', async (t) => {
  for (const text of [
    'Müller & Söhne',
    '東京',
    'می‌خواهم',
    'ක්‍ර',
    'क्‍ष',
    '👍🏽',
    '❤️',
    '👩‍💻',
    '👩🏽‍🚒',
    'a\\u202eb',
    '::error',
  ]) {
    t.equal(printable(text), text)
    t.equal(unprintableAt(text), 0)
  }
})

t.test('a joiner between letters that do not join is a disguise', async (t) => {
  t.equal(printable('pay\u200dpal'), 'pay\\u200dpal')
  t.equal(printable('pay\u200cpal'), 'pay\\u200cpal')
  t.equal(printable('1\ufe0f'), '1\\ufe0f')
  t.equal(printable('\u200d'), '\\u200d')
})

t.test('of a text in lines the ends of lines stay', async (t) => {
  t.equal(printableLines('a\n\tb\r\n'), 'a\n\\tb\\r\n')
  t.equal(printableLines('plain\ntext'), 'plain\ntext')
})
