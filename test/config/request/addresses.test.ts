import t from 'tap'
import { addressMatcher } from '../../../src/config/request/addresses.ts'

const proxies = ['10.0.0.0/8', '2001:db8::/32', '127.0.0.1']

t.test('blocks and single addresses, IPv4 and IPv6; what is no address is in none', (t) => {
  const isIn = addressMatcher(proxies)
  for (const address of ['10.255.255.255', '127.0.0.1', '2001:db8:ffff::1']) t.ok(isIn(address), address)
  for (const address of ['11.0.0.0', '127.0.0.2', '2001:db9::', '', 'x', '10.0.0'])
    t.notOk(isIn(address), address)
  t.end()
})

t.test('a block holds addresses of its own family; IPv4 that IPv6 writes is IPv4', (t) => {
  const isIn = (blocks: readonly string[], address: string) => addressMatcher(blocks)(address)
  t.notOk(isIn(['::/0'], '192.0.2.1'))
  t.notOk(isIn(['::/0'], '::ffff:192.0.2.1'))
  t.ok(isIn(['::/0'], '2001:db8::1'))
  t.notOk(isIn(['0.0.0.0/0'], '2001:db8::1'))
  for (const address of ['10.2.3.4', '::ffff:10.2.3.4', '::ffff:a02:304']) {
    for (const block of [
      '10.0.0.0/8',
      '::ffff:10.0.0.0/104',
      '::ffff:a00:0/104',
      '::ffff:0:0/96',
      '::ffff:a02:304',
    ])
      t.ok(isIn([block], address), `${address} in ${block}`)
    for (const block of ['11.0.0.0/8', '::ffff:11.0.0.0/104', '::a02:304', '2001:db8::/32'])
      t.notOk(isIn([block], address), `${address} in ${block}`)
  }
  t.end()
})

t.test('more addresses than are remembered, each asked for again', (t) => {
  const isIn = addressMatcher(proxies)
  const wrong: string[] = []
  for (let round = 0; round < 2; round++) {
    for (let i = 0; i < 12_000; i++) {
      const rest = `${i % 250}.${Math.floor(i / 250)}`
      if (!isIn(`10.0.${rest}`)) wrong.push(`10.0.${rest}`)
      if (isIn(`11.0.${rest}`)) wrong.push(`11.0.${rest}`)
    }
  }
  t.same(wrong, [])
  t.end()
})
