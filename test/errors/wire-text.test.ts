import t from 'tap'
import { listElements, trimBlanks } from '../../src/errors/wire-text.ts'

void t.test('only space and tab are white space, of all the characters that a byte can be', async (t) => {
  for (let code = 0; code <= 0xff; code++) {
    const char = String.fromCharCode(code)
    const trimmed = trimBlanks(`${char}a${char}b${char}`)
    t.equal(
      trimmed,
      char === ' ' || char === '\t' ? `a${char}b` : `${char}a${char}b${char}`,
      `0x${code.toString(16)}`,
    )
  }
})

void t.test('a text of blanks alone, or none, is empty', async (t) => {
  for (const text of ['', ' ', '\t', ' \t \t']) t.equal(trimBlanks(text), '')
})

void t.test('a part is trimmed within its bounds', async (t) => {
  t.equal(trimBlanks('a, b ,c', 2, 5), 'b')
  t.equal(trimBlanks('a,  ,c', 2, 4), '')
})

void t.test('a list is taken apart at its commas, as far as is asked for', async (t) => {
  t.same(listElements('a'), ['a'])
  t.same(listElements(' a ,\tb,,c c,'), ['a', 'b', '', 'c c', ''])
  t.same(listElements('a,\u00a0b'), ['a', '\u00a0b'])
  t.same(listElements(''), [''])
  t.same(listElements('a,b,c', 2), ['a', 'b'])
  t.same(listElements('a,b', 0), [])
})
