// What a proxy hands on, and of whom it is believed.

import type { IncomingMessage } from 'node:http'
import { readFileSync } from 'node:fs'
import { X509Certificate } from 'node:crypto'
import t from 'tap'
import { createClientCertificate } from '../../src/control/client-certificate.ts'
import { makeAuthority } from '../support/certificates.ts'

void t.test('a certificate is handed on by trusted proxies alone, and only where that is said', (t) => {
  const { raw } = new X509Certificate(readFileSync(makeAuthority(t).make('books').certFile))
  const field = `:${raw.toString('base64')}:`
  const ask = (peer: string, clientCertHeader: boolean, ...values: string[]) => {
    const rawHeaders = values.flatMap((value) => ['client-Cert', value])
    const request = { socket: { remoteAddress: peer }, rawHeaders } as unknown as IncomingMessage
    return createClientCertificate({ trustedProxies: ['10.0.0.0/8'], clientCertHeader })(request)?.subject
  }
  t.equal(ask('10.0.0.1', true, field), 'CN=books')
  t.equal(ask('198.51.100.7', true, field), undefined, 'of a stranger')
  t.equal(ask('10.0.0.1', false, field), undefined, 'where the proxy may hand on what a client wrote')
  t.equal(ask('10.0.0.1', true, field, field), undefined, 'twice')
  t.equal(ask('10.0.0.1', true, ':AAAA:'), undefined, 'no certificate')
  t.equal(ask('10.0.0.1', true, raw.toString('base64')), undefined, 'not as RFC 9440 has it')
  t.equal(ask('10.0.0.1', true), undefined)
  t.end()
})
