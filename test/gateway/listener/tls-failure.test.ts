import t from 'tap'
import { handshakeReasonOf, tlsReasonOf } from '../../../src/gateway/listener/tls-failure.ts'
import { denialOf } from '../../../src/gateway/exchange/upstream-failure.ts'

const failed = (code: string) => denialOf(Object.assign(new Error('x'), { code }))?.reason

t.test('alerts have the same reason under the names of any release of OpenSSL', async (t) => {
  for (const beginning of ['ERR_SSL_SSLV3', 'ERR_SSL_TLSV1', 'ERR_SSL_TLSV13', 'ERR_SSL_SSL/TLS']) {
    t.equal(failed(`${beginning}_ALERT_CERTIFICATE_REQUIRED`), 'client_certificate_wanted')
    t.equal(failed(`${beginning}_ALERT_BAD_CERTIFICATE`), 'client_certificate_refused')
    t.equal(failed(`${beginning}_ALERT_UNKNOWN_CA`), 'client_certificate_refused')
    t.equal(failed(`${beginning}_ALERT_PROTOCOL_VERSION`), 'tls_version')
    t.equal(failed(`${beginning}_ALERT_NO_APPLICATION_PROTOCOL`), 'alpn')
    t.equal(failed(`${beginning}_ALERT_HANDSHAKE_FAILURE`), 'tls')
    t.equal(handshakeReasonOf(`${beginning}_ALERT_UNKNOWN_CA`), 'certificate_refused')
    t.equal(handshakeReasonOf(`${beginning}_ALERT_BAD_CERTIFICATE`), 'certificate_refused')
    t.equal(handshakeReasonOf(`${beginning}_ALERT_INTERNAL_ERROR`), 'alert')
  }
})

t.test('what is wrong with a certificate is named as far as it is known', async (t) => {
  t.equal(failed('UNABLE_TO_GET_ISSUER_CERT_LOCALLY'), 'unknown_issuer')
  t.equal(failed('UNABLE_TO_VERIFY_LEAF_SIGNATURE'), 'unknown_issuer')
  t.equal(failed('SELF_SIGNED_CERT_IN_CHAIN'), 'unknown_issuer')
  for (const code of ['CERT_REVOKED', 'INVALID_PURPOSE', 'UNSPECIFIED', 'CERT_SIGNATURE_FAILURE']) {
    t.equal(failed(code), 'certificate', code)
  }
})

t.test('what is no fault of TLS is none here', async (t) => {
  for (const code of ['', 'ECONNREFUSED', 'ENOENT']) t.equal(tlsReasonOf(code), undefined, code)
  t.equal(failed('ECONNREFUSED'), 'refused')
  t.equal(failed('EMFILE'), 'upstream_failed')
})

t.test('of several addresses that do not answer the first tells', async (t) => {
  const refused = Object.assign(new Error('x'), { code: 'ECONNREFUSED' })
  t.equal(denialOf(new AggregateError([refused, new Error('y')]))?.reason, 'refused')
})
