import * as fc from 'fast-check'
import t from 'tap'
import { mostBytesAfter2, readProxyHeader } from '../../../src/gateway/listener/proxy-header.ts'
import { header2, localBlock, tcp4, tcp6 } from '../../support/proxy-protocol.ts'

const line = (text: string) => Buffer.from(text, 'latin1')
const read = (text: string) => readProxyHeader(line(text))

const lines: Record<string, string | null> = {
  'PROXY TCP4 203.0.113.5 10.0.0.1 56324 443\r\n': '203.0.113.5',
  'PROXY TCP4 203.0.113.5 10.0.0.1 0 65535\r\n': '203.0.113.5',
  'PROXY TCP6 2001:DB8:0:0::5 ::1 1 2\r\n': '2001:db8::5',
  'PROXY TCP6 ::ffff:203.0.113.5 ::1 1 2\r\n': '203.0.113.5',
  'PROXY TCP6 ::ffff:cb00:7105 ::1 1 2\r\n': '203.0.113.5',
  // The longest that there is, of 104 bytes.
  [`PROXY TCP6 ${Array(8).fill('ffff').join(':')} ${Array(8).fill('ffff').join(':')} 65535 65535\r\n`]:
    'ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff',
  'PROXY UNKNOWN\r\n': null,
  [`PROXY UNKNOWN ${'f'.repeat(91)}\r\n`]: null,
}

void t.test('version 1 tells the client, or that there is none to tell', async (t) => {
  for (const [text, client] of Object.entries(lines)) {
    t.same(read(text), { kind: 'header', bytes: text.length, client }, text)
    t.same(read(`${text}GET / HTTP/1.1\r\n`), { kind: 'header', bytes: text.length, client })
  }
})

void t.test('what is not exactly such a line is none', async (t) => {
  for (const text of [
    'GET / HTTP/1.1\r\n',
    'proxy TCP4 203.0.113.5 10.0.0.1 1 2\r\n',
    'PROXY  TCP4 203.0.113.5 10.0.0.1 1 2\r\n',
    'PROXY TCP4 203.0.113.5 10.0.0.1 1 2 \r\n',
    'PROXY TCP4 203.0.113.5 10.0.0.1 1 2\n',
    'PROXY TCP4 203.0.113.5 10.0.0.1 1 2\r\r\n',
    'PROXY TCP4 203.0.113.5 10.0.0.1 1\r\n',
    'PROXY TCP4 203.0.113.5 10.0.0.1 1 65536\r\n',
    'PROXY TCP4 203.0.113.5 10.0.0.1 01 2\r\n',
    'PROXY TCP4 203.0.113.5 10.0.0.1 -1 2\r\n',
    'PROXY TCP4 203.0.113.05 10.0.0.1 1 2\r\n',
    'PROXY TCP4 203.0.113 10.0.0.1 1 2\r\n',
    'PROXY TCP4 2001:db8::5 ::1 1 2\r\n',
    'PROXY TCP6 203.0.113.5 10.0.0.1 1 2\r\n',
    'PROXY TCP6 fe80::1%eth0 ::1 1 2\r\n',
    'PROXY TCP5 203.0.113.5 10.0.0.1 1 2\r\n',
    'PROXY UDP4 203.0.113.5 10.0.0.1 1 2\r\n',
    'PROXY TCP4\r\n',
    'PROXY UNKNOWNS\r\n',
    'PROXY \r\n',
    `PROXY UNKNOWN ${'f'.repeat(92)}\r\n`,
    `PROXY UNKNOWN ${'f'.repeat(200)}`,
    `PROXY UNKNOWN ${'f'.repeat(92)}\r`,
  ])
    t.same(read(text), { kind: 'none' }, JSON.stringify(text))
})

void t.test('version 2 tells the client, behind what else it holds', async (t) => {
  const more = Buffer.from([0x03, 0x00, 0x04, 1, 2, 3, 4])
  for (const [bytes, client] of [
    [header2(0x21, 0x11, tcp4('203.0.113.5')), '203.0.113.5'],
    [header2(0x21, 0x11, Buffer.concat([tcp4('203.0.113.5'), more])), '203.0.113.5'],
    [header2(0x21, 0x21, tcp6('20010db8000000000000000000000005')), '2001:db8::5'],
    [header2(0x21, 0x21, tcp6('00000000000000000000ffffcb007105')), '203.0.113.5'],
    [header2(0x21, 0x21, Buffer.concat([tcp6('20010db8000000000000000000000005'), more])), '2001:db8::5'],
    [header2(0x21, 0x31, localBlock), null],
    [header2(0x21, 0x00, Buffer.alloc(0)), null],
    [header2(0x21, 0x00, more), null],
    [header2(0x20, 0x00, Buffer.alloc(0)), null],
    // Whatever a LOCAL one says of addresses is not to be looked at.
    [header2(0x20, 0x11, tcp4('203.0.113.5')), null],
    [header2(0x20, 0x7f, more), null],
    [
      header2(0x21, 0x11, Buffer.concat([tcp4('203.0.113.5'), Buffer.alloc(mostBytesAfter2 - 12)])),
      '203.0.113.5',
    ],
  ] as const) {
    t.same(
      readProxyHeader(bytes),
      { kind: 'header', bytes: bytes.length, client },
      bytes.toString('hex', 12, 32),
    )
    const withMore = Buffer.concat([bytes, line('GET / HTTP/1.1\r\n')])
    t.match(readProxyHeader(withMore), { kind: 'header', bytes: bytes.length, client })
  }
})

void t.test('another version, command, family, or too few or too many bytes make it none', async (t) => {
  for (const bytes of [
    header2(0x11, 0x11, tcp4('203.0.113.5')),
    header2(0x31, 0x11, tcp4('203.0.113.5')),
    header2(0x22, 0x11, tcp4('203.0.113.5')),
    header2(0x21, 0x12, tcp4('203.0.113.5')),
    header2(0x21, 0x22, tcp6('20010db8000000000000000000000005')),
    header2(0x21, 0x41, tcp4('203.0.113.5')),
    header2(0x21, 0x10, tcp4('203.0.113.5')),
    header2(0x21, 0x01, tcp4('203.0.113.5')),
    header2(0x21, 0x11, tcp4('203.0.113.5').subarray(0, 11)),
    header2(0x21, 0x21, tcp6('20010db8000000000000000000000005').subarray(0, 35)),
    header2(0x21, 0x11, Buffer.alloc(mostBytesAfter2 + 1)),
    header2(0x20, 0x00, Buffer.alloc(mostBytesAfter2 + 1)),
  ])
    t.same(readProxyHeader(bytes), { kind: 'none' }, bytes.toString('hex', 12, 16))
})

void t.test('a beginning of a header asks for more, and what cannot become one does not', async (t) => {
  const whole = [
    ...Object.keys(lines).map(line),
    header2(0x21, 0x11, tcp4('203.0.113.5')),
    header2(0x21, 0x21, tcp6('20010db8000000000000000000000005')),
    header2(0x20, 0x00, Buffer.alloc(0)),
  ]
  for (const bytes of whole) {
    for (let length = 1; length < bytes.length; length++) {
      const part = bytes.subarray(0, length)
      t.same(readProxyHeader(part), { kind: 'more' }, part.toString('hex'))
    }
  }
  for (const text of ['G', 'PR0', '\r\n\r\nG', '\n', '\x16\x03\x01'])
    t.same(read(text), { kind: 'none' }, JSON.stringify(text))
})

void t.test('whatever comes, a header is no longer than what came', async (t) => {
  const beginnings = [
    line('PROXY '),
    line('PROXY TCP4 '),
    header2(0x21, 0x11, tcp4('203.0.113.5')).subarray(0, 14),
  ]
  const tooLong: string[] = []
  fc.assert(
    fc.property(fc.constantFrom(...beginnings), fc.uint8Array({ maxLength: 300 }), (beginning, rest) => {
      const bytes = Buffer.concat([beginning, rest])
      const header = readProxyHeader(bytes)
      if (header.kind === 'header' && header.bytes > bytes.length) tooLong.push(bytes.toString('hex'))
    }),
  )
  t.same(tooLong, [])
})
