// Contract 6.

import { createHash } from 'node:crypto'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import * as fc from 'fast-check'
import t from 'tap'
import { clientIdentifier } from '../../../src/gateway/listener/client-identity.ts'
import { headOf, rawOf } from '../subject.ts'

setFlagsFromString('--expose-gc')
const collectGarbage: () => void = runInNewContext('gc')

const proxies = ['10.0.0.0/8', '2001:db8::/32', '127.0.0.1']

function identify(peer: string, fields: readonly string[], trusted: readonly string[] = proxies) {
  const raw = rawOf({ peer, fields })
  return clientIdentifier({ trustedProxies: trusted, clientCertHeader: false })(raw, headOf(raw))
}

t.test('a peer that is no trusted proxy is the client, whatever it says', (t) => {
  const fields = ['X-Forwarded-For: 10.0.0.9', 'X-Forwarded-Proto: https']
  t.match(identify('198.51.100.7', fields), { client: '198.51.100.7', isPeerTrusted: false, isSecure: false })
  t.match(identify('10.0.0.1', fields, []), { client: '10.0.0.1', isPeerTrusted: false, isSecure: false })
  t.end()
})

const behindProxy: Record<string, string> = {
  '203.0.113.5': '203.0.113.5',
  '1.1.1.1, 203.0.113.5': '203.0.113.5',
  '1.1.1.1, 203.0.113.5, 10.2.2.2': '203.0.113.5',
  '203.0.113.5:4711': '203.0.113.5',
  '[2001:db9::1]:443': '2001:db9::1',
  '2001:db9::1, 2001:db8::5': '2001:db9::1',
  '::ffff:203.0.113.5': '203.0.113.5',
  '1.1.1.1, unknown, 10.2.2.2': '10.2.2.2',
  '1.1.1.1, , 10.2.2.2': '1.1.1.1',
  '203.0.113.5, ,\t,': '203.0.113.5',
  '203.0.113.5,,10.2.2.2,': '203.0.113.5',
  ' , ,': '10.0.0.1',
  '[2001:db9::1], 10.2.2.2:80': '2001:db9::1',
  '[2001:db9::1]:65535, [2001:db8::5]:1': '2001:db9::1',
  // Not an address and a port: nobody vouches for what stands to the left of it.
  '203.0.113.5, 10.2.2.2:http': '10.0.0.1',
  '203.0.113.5, 10.2.2.2:': '10.0.0.1',
  '203.0.113.5, 10.2.2.2:123456': '10.0.0.1',
  '203.0.113.5, [2001:db8::5]x, 10.3.3.3': '10.3.3.3',
  '203.0.113.5, [2001:db8::5': '10.0.0.1',
  '203.0.113.5, [10.2.2.2]:80': '10.0.0.1',
  '203.0.113.5, []:80': '10.0.0.1',
  '203.0.113.5, :80': '10.0.0.1',
  '\t203.0.113.5 ,10.2.2.2\t': '203.0.113.5',
  ',203.0.113.5': '203.0.113.5',
  ',10.2.2.2': '10.2.2.2',
  // No white space on the wire, so no address.
  '203.0.113.5\u00a0, 10.2.2.2': '10.2.2.2',
  '203.0.113.5,\u00a010.2.2.2': '10.0.0.1',
  '10.1.1.1, 10.2.2.2': '10.1.1.1',
  unknown: '10.0.0.1',
  '': '10.0.0.1',
}
for (const [forwarded, client] of Object.entries(behindProxy)) {
  t.test(`behind a trusted proxy, X-Forwarded-For "${forwarded}" means ${client}`, (t) => {
    t.match(identify('10.0.0.1', [`X-Forwarded-For: ${forwarded}`]), { client, isPeerTrusted: true })
    t.end()
  })
}

t.test('each request of one connection has its own client, and its own scheme', (t) => {
  const identify = clientIdentifier({ trustedProxies: proxies, clientCertHeader: false })
  const { socket } = rawOf({ peer: '10.0.0.1' })
  const seen = ['203.0.113.5 https', '203.0.113.6 http', '203.0.113.5 http'].map((text) => {
    const [client, scheme] = text.split(' ')
    const raw = rawOf({ fields: [`X-Forwarded-For: ${client}`, `X-Forwarded-Proto: ${scheme}`] })
    raw.socket = socket
    const { peer, client: found, isSecure } = identify(raw, headOf(raw))
    return `${peer} ${found} ${isSecure}`
  })
  t.same(seen, ['10.0.0.1 203.0.113.5 true', '10.0.0.1 203.0.113.6 false', '10.0.0.1 203.0.113.5 false'])
  t.end()
})

t.test('what a client writes to the left of its own address never counts', (t) => {
  fc.assert(
    fc.property(fc.string(), (forged) => {
      t.equal(identify('10.0.0.1', [`X-Forwarded-For: ${forged}, 203.0.113.5`]).client, '203.0.113.5')
    }),
  )
  t.end()
})

t.test('repeated X-Forwarded-For fields are one list', (t) => {
  const fields = ['X-Forwarded-For: 1.1.1.1', 'X-Forwarded-For: 203.0.113.5']
  t.equal(identify('10.0.0.1', fields).client, '203.0.113.5')
  t.end()
})

t.test('the scheme is what the nearest trusted proxy says', (t) => {
  t.equal(identify('10.0.0.1', ['X-Forwarded-Proto: https']).isSecure, true)
  t.equal(identify('10.0.0.1', ['X-Forwarded-Proto: https, http']).isSecure, false)
  t.equal(identify('10.0.0.1', ['X-Forwarded-Proto: HTTPS']).isSecure, true)
  t.equal(identify('10.0.0.1', []).isSecure, false)
  t.end()
})

t.test('an IPv4 proxy on an IPv6 socket is the same proxy', (t) => {
  t.match(identify('::ffff:10.0.0.1', ['X-Forwarded-For: 203.0.113.5']), {
    client: '203.0.113.5',
    peer: '10.0.0.1',
  })
  t.end()
})

t.test('what clients write to the left of their addresses is not kept', (t) => {
  const identify = clientIdentifier({ trustedProxies: proxies, clientCertHeader: false })
  const clients: string[] = []
  const usedMb = () => {
    // Twice: what the first collection found to be dead only the second one frees.
    for (let i = 0; i < 2; i++) collectGarbage()
    return process.memoryUsage().heapUsed / 1024 / 1024
  }
  const before = usedMb()
  for (let i = 0; i < 9_000; i++) {
    const address = `2001:db9:0:${i.toString(16)}::1`
    const forwarded = `${String.fromCharCode(97 + (i % 26)).repeat(15_000)}, ${address}`
    const raw = rawOf({ peer: '10.0.0.1', fields: [`X-Forwarded-For: ${forwarded}`] })
    clients.push(identify(raw, headOf(raw)).client)
  }
  const grown = usedMb() - before
  t.equal(clients.length, 9_000)
  t.ok(grown < 30, `${grown.toFixed(1)} MB for 9,000 addresses, of 129 MB that were written`)
  t.end()
})

t.test('a certificate is handed on by trusted proxies alone, and only where that is said', (t) => {
  const fields = [`Client-Cert: :${Buffer.from('a certificate').toString('base64')}:`]
  const told = (peer: string, clientCertHeader: boolean, of: readonly string[] = fields) => {
    const raw = rawOf({ peer, fields: of })
    return clientIdentifier({ trustedProxies: proxies, clientCertHeader })(raw, headOf(raw)).certificate()
  }
  t.equal(told('10.0.0.1', true), createHash('sha256').update('a certificate').digest('base64url'))
  t.equal(told('198.51.100.7', true), undefined, 'of a stranger')
  t.equal(told('10.0.0.1', false), undefined, 'where the proxy may hand on what a client wrote')
  t.equal(told('10.0.0.1', true, [...fields, ...fields]), undefined, 'twice')
  t.end()
})
