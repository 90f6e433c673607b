import t from 'tap'
import { asSeen, mostSeenBytes, pathAsSeen } from '../../../src/decision/request/as-seen.ts'

const prefixes = ['pk_live_', 'pk_test_', 'flint_live_']
const secret = 'A1b2C3d4E5f6G7h8J9k0'

t.test('what is plain is told as it is', async (t) => {
  for (const text of ['/v1/transactions/tr_1', '/a%20b/$x:y@z,(1)[2]~', 'api.example.com:8443', '[::1]:8080'])
    t.equal(asSeen(text, prefixes), text)
})

t.test('what a terminal, a page or a shell could take for more than text is escaped', async (t) => {
  t.equal(
    asSeen('/<script>"\'`\\\u001b[2J\u0000\r\n\u00e9&;#?|{}^', prefixes),
    '/\\x3cscript\\x3e\\x22\\x27\\x60\\x5c\\x1b[2J\\x00\\x0d\\x0a\\xe9\\x26\\x3b\\x23\\x3f\\x7c\\x7b\\x7d\\x5e',
  )
})

t.test('it is cut, at a whole escape', async (t) => {
  t.equal(asSeen(`/${'a'.repeat(255)}`, prefixes).length, 256)
  t.match(asSeen(`/${'a'.repeat(256)}`, prefixes), /^\/a{252}\.\.\.$/)
  for (let before = 230; before < 260; before++) {
    const seen = asSeen('a'.repeat(before) + '<'.repeat(20_000), prefixes)
    t.ok(seen.length <= mostSeenBytes)
    t.match(seen, /^a+(\\x3c)*\.\.\.$/)
  }
  t.match(pathAsSeen(`/${'a'.repeat(100_000)}?x`, prefixes), /^\/a{252}\.\.\.$/)
})

t.test('a path has no query, nor what stands for one', async (t) => {
  t.equal(pathAsSeen(`/v1/x?token=${secret}`, prefixes), '/v1/x')
  for (const mark of ['#', ';', '%3f', '%3F', '%23', '%3b', '%253f', '%25253F'])
    t.equal(pathAsSeen(`/v1/x${mark}token=${secret}`, prefixes), '/v1/x...')
  t.equal(pathAsSeen('*', prefixes), undefined)
  t.equal(pathAsSeen(`http://user:${secret}@other/`, prefixes), undefined)
  t.equal(pathAsSeen('/', prefixes), '/')
})

t.test('what begins like a key is masked, however it is written', async (t) => {
  const begins = [
    'pk_live_',
    'PK_LIVE_',
    '%70k_live_',
    'pk%5flive%5F',
    '%2570k_live_',
    '%70%6b%5f%6c%69%76%65%5f',
    'flint_live_',
    // Others'.
    'sk_live_',
    'eyJ',
  ]
  for (const begin of begins) {
    for (const place of ['/', '/v1/', '/v1/x', '/v1/a=', '/%2f', '/v1/%20']) {
      for (const end of ['', '/refund', '%2f', '.json']) {
        const seen = asSeen(`${place}${begin}${secret}_-${secret}${end}`, prefixes)
        t.notMatch(seen, /A1b2|J9k0/, seen)
        t.ok(seen.includes('***'), seen)
      }
    }
  }
  t.equal(asSeen(`/v1/keys/pk_live_${secret}/refund`, prefixes), '/v1/keys/pk_live_***/refund')
  t.equal(asSeen(`pk_test_${secret}.example.com`, prefixes), 'pk_test_***.example.com')
  // Cut in its midst.
  t.notMatch(asSeen(`/${'a'.repeat(240)}pk_live_${secret}`, prefixes), /A1b2/)
  // Escapes within the key itself.
  t.equal(asSeen('/pk_live_%41%42C/x', prefixes), '/pk_live_***/x')
})

t.test(
  'a token of the admin API that was sent to the wrong port is masked, whatever keys begin with',
  async (t) => {
    for (const known of [prefixes, []]) {
      t.equal(asSeen(`/v1/lk_adm_${secret}/x`, known), '/v1/lk_adm_***/x')
      t.equal(asSeen(`lk%5Fadm_${secret}.example.com`, known), 'lk%5Fadm_***.example.com')
      t.notMatch(pathAsSeen(`/${'a'.repeat(230)}LK_ADM_${secret}`, known), /A1b2/)
    }
  },
)

t.test('names that only look a little like keys stay', async (t) => {
  for (const text of ['/v1/my_test_runs', '/v1/go_live_dates', '/v1/eyJ', '/v1/pk_list'])
    t.equal(asSeen(text, prefixes), text)
  t.equal(asSeen('/v1/x', []), '/v1/x')
})
