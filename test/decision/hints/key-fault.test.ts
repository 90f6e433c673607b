import * as fc from 'fast-check'
import t from 'tap'
import { sampleKey } from '../../../src/credentials/secret.ts'
import { faultInKey } from '../../../src/decision/hints/key-fault.ts'
import { loadDemo } from '../../gateway/subject.ts'

const { table } = await loadDemo()
const { prefixes } = table
const host = table.matchHost('api.flintn.com')
if (host === undefined) throw new Error('no such host')
const legacy = { ...host, api: { ...host.api, legacyKeys: true } }

const key = sampleKey('pk_live_')
const faultIn = (text: string) => faultInKey(text, { host, prefixes })

const cases: Record<string, [says: RegExp, ...texts: string[]]> = {
  quotes: [/in quotes/, `"${key}"`, `'${key}'`, `\`${key}\``, `"${key}`, `\xe2\x80\x9c${key}\xe2\x80\x9d`],
  scheme: [/word such as Bearer/, `Bearer ${key}`, `token ${key}`, `ApiKey=${key}`, `X-Api-Key: ${key}`],
  placeholder: [
    /placeholder/,
    ...[
      'YOUR_API_KEY',
      '<your key>',
      `<${key}>`,
      '${API_KEY}',
      '{{api_key}}',
      '$API_KEY',
      '%KEY%',
      'undefined',
    ],
    ...[
      'null',
      '[object Object]',
      'pk_live_xxxxxxxx',
      'pk_live_****abcd',
      'pk_live_...abcd',
      'pk_live_\xe2\x80\xa6abcd',
    ],
  ],
  id: [/id of a key/, 'key_01K8ZX3V9Q8ZX3V9Q8ZX3V9Q8Z'],
  cut: [/is cut/, key.slice(0, -1), key.slice(0, 20), 'pk_live_', 'pk_test_1'],
  long: [/too long/, `${key}0`, key + key],
  misspelt: [/misspelt/, key.replace('_0', '_1'), `${key.slice(0, -1)}${key.endsWith('z') ? 'y' : 'z'}`],
  case: [/another case/, key.toUpperCase(), 'Pk_Live_0'],
  product: [/another product/, sampleKey('flint_live_'), 'flint_test_0'],
  other: [/no key of this API: keys for this host begin with pk_live_$/, 'sk_live_0', 'hunter2', 'pk_list_0'],
  blank: [/holds what no key does/, `${key.slice(0, 9)} ${key.slice(9)}`, `${key}\xa0`, `${key}=`],
  comma: [/comma/, `${key},${key}`, `${key}, ${key}`],
  huge: [/far too long/, 'a'.repeat(5_000)],
}

for (const [name, [says, ...texts]] of Object.entries(cases)) {
  t.test(`what a key shows: ${name}`, async (t) => {
    for (const text of texts) t.match(faultIn(text) ?? '', says, text.slice(0, 80))
  })
}

t.test('what has the form of a key shows nothing, of whichever environment it is', async (t) => {
  t.equal(faultIn(key), undefined)
  t.equal(faultIn(sampleKey('pk_test_')), undefined)
  // Letters that would be a placeholder's elsewhere.
  t.equal(faultIn('pk_live_00000000000000000000000000000000' + key.slice(-6)), undefined)
})

t.test('where keys of elsewhere are taken, what may be one shows nothing', async (t) => {
  for (const text of [key, key.slice(0, -1), 'hunter2', 'sk_live_0', 'undefined', sampleKey('flint_live_')])
    t.equal(faultInKey(text, { host: legacy, prefixes }), undefined, text)
  t.match(faultInKey(`"${key}"`, { host: legacy, prefixes }) ?? '', /in quotes/)
})

t.test('whatever a key holds, the sentence is one of a few, and repeats nothing of it', async (t) => {
  const sentences = new Set<string>()
  const parts = fc.constantFrom(
    'pk_live_',
    'pk_test_',
    'flint_live_',
    'Bearer ',
    '"',
    '<',
    'x',
    ' ',
    ',',
    key,
  )
  const text = fc.oneof(
    fc.string({ minLength: 1, maxLength: 300, unit: 'binary' }),
    fc
      .array(fc.oneof(parts, fc.string({ maxLength: 5 })), { minLength: 1, maxLength: 6 })
      .map((all) => all.join('')),
  )
  fc.assert(
    fc.property(text, (text) => {
      if (text !== '') sentences.add(faultIn(text) ?? '')
    }),
    { numRuns: 3_000 },
  )
  t.ok(sentences.size > 8 && sentences.size <= 14, `${sentences.size}`)
  for (const sentence of sentences) t.match(sentence, /^[\x20-\x7e]{0,120}$/)
})
