import t from 'tap'
import { certificateIn } from '../../../src/config/request/client-cert.ts'

void t.test('Client-Cert is one value in base64 between colons, and anything else is none', (t) => {
  const ask = (...values: string[]) =>
    certificateIn(['Host', 'a', ...values.flatMap((value) => ['CLIENT-CERT', value])])?.toString()
  t.equal(ask(':YWJj:'), 'abc')
  for (const values of [
    [],
    [''],
    ['::'],
    ['YWJj'],
    [':YWJj'],
    [':YW Jj:'],
    [':YWJj:, :YWJj:'],
    [':YWJj:', ':YWJj:'],
    [`:${'A'.repeat(16_384)}:`],
  ])
    t.equal(ask(...values), undefined, values.join('|').slice(0, 40))
  t.equal(certificateIn(['X-Told', 'Client-Cert', ':YWJj:', 'b']), undefined, 'a value that is like its name')
  t.end()
})
