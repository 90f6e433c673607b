// Contract 6: the client's address is the rightmost entry that is no trusted proxy.

import t from 'tap'
import { addressMatcher } from '../../../src/config/request/addresses.ts'
import { rightmostUntrusted } from '../../../src/config/request/forwarded-for.ts'

const isTrusted = addressMatcher(['10.0.0.0/8', '::1'])

void t.test('the rightmost entry that is no trusted proxy is the client', async (t) => {
  for (const [text, client] of [
    [undefined, undefined],
    ['', undefined],
    ['192.0.2.7', '192.0.2.7'],
    ['198.51.100.1, 192.0.2.7', '192.0.2.7'],
    ['192.0.2.7, 10.0.0.2,10.0.0.3', '192.0.2.7'],
    ['10.0.0.1, 10.0.0.2', '10.0.0.1'],
    ['192.0.2.7:1234, , 10.0.0.2', '192.0.2.7'],
    ['[2001:db8::7]:1234', '2001:db8::7'],
    ['::ffff:192.0.2.7', '192.0.2.7'],
    // Nobody vouches for what stands to the left of what is no address.
    ['192.0.2.7, unknown, 10.0.0.2', '10.0.0.2'],
    ['192.0.2.7, unknown', undefined],
  ] as const) {
    t.equal(rightmostUntrusted(text, isTrusted), client, text ?? 'none')
  }
})
