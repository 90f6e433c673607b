import t from 'tap'
import { normalPassword, whyNoPassword } from '../../src/credentials/password.ts'

const email = 'annabel.lee.long@example.com'

void t.test('long is enough, in whatever script', async (t) => {
  for (const text of [
    'correct horse battery',
    'пароль из слов',
    'パスワードは長い方がいいです',
    '🐎🔋🖇️🐎🔋🖇️🐎🔋🖇️',
    'x'.repeat(250) + 'abcd',
  ])
    t.equal(whyNoPassword(text, email), undefined, text)
})

void t.test('what is short, plain or the address is refused, and not repeated', async (t) => {
  for (const [text, why] of [
    ['', /12 characters/],
    ['elevenchars', /12 characters/],
    // Eleven characters, written with twelve.
    ['eleven-char\u0301s'.slice(0, 12), /12 characters/],
    ['x'.repeat(257), /more than 256/],
    ['aaaaaaaaaaaaaaaa', /different/],
    ['abababababab', /different/],
    ['abcdefghijklmnop', /sequence/],
    ['ponmlkjihgfedcba', /sequence/],
    [email, /e-mail/],
    [email.toUpperCase(), /e-mail/],
    ['annabel.lee.long', /e-mail/],
    ['correct horse \ud800 battery', /text/],
  ] as const) {
    const said = whyNoPassword(text, email)
    t.match(said, why, text)
    if (text !== '') t.notOk(said?.includes(text))
  }
})

void t.test('two spellings of one word are one password', async (t) => {
  t.equal(normalPassword('cafe\u0301 au lait'), normalPassword('caf\u00e9 au lait'))
})
