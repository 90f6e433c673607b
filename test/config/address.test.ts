import t from 'tap'
import { canonicalBlock, isAddressOrBlock } from '../../src/config/address.ts'

t.test('an address or a block has one spelling', async (t) => {
  for (const [written, canonical] of [
    ['192.0.2.1', '192.0.2.1'],
    ['192.0.2.1/32', '192.0.2.1'],
    ['192.0.2.0/24', '192.0.2.0/24'],
    ['2001:DB8:0:0::1', '2001:db8::1'],
    ['2001:db8::1/128', '2001:db8::1'],
    ['2001:DB8::/32', '2001:db8::/32'],
  ] as const) {
    t.ok(isAddressOrBlock(written))
    t.equal(canonicalBlock(written), canonical)
  }
})

t.test('what is neither is told', async (t) => {
  for (const text of [
    '',
    'a',
    '1.2.3',
    '01.2.3.4',
    '1.2.3.4/33',
    '::/129',
    'fe80::1%eth0',
    '1.2.3.4/8/8',
    '/8',
  ])
    t.notOk(isAddressOrBlock(text), text)
})
