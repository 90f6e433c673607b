// Contract 8: where the audit is copied to.

import t from 'tap'
import { configOf, faultsOf, gatewayYaml } from './files.ts'

const withSink = (sink: object) => `control: ${JSON.stringify({ audit_sink: sink })}\n${gatewayYaml}`

t.test('a URL with headers, or a file; unless said nowhere', async (t) => {
  const sinkOf = async (gateway?: string) =>
    (await configOf(t, gateway === undefined ? {} : { gateway })).settings.control.auditSink
  t.equal(await sinkOf(), null)
  const http = { url: 'https://siem.internal/in?x=1', headers: { Authorization: 'Splunk x' }, timeout: '5s' }
  t.same(await sinkOf(withSink(http)), {
    ...{
      kind: 'http',
      url: http.url,
      headers: [['Authorization', 'Splunk x']],
      caFile: null,
      timeoutMs: 5_000,
    },
  })
  t.match(await sinkOf(withSink({ url: http.url, ca: 'ca.pem' })), { caFile: /^\/.*\/ca\.pem$/ })
  t.match(await sinkOf(withSink({ file: 'audit.jsonl' })), { kind: 'file', path: /^\/.*\/audit\.jsonl$/ })
})

t.test('what cannot be one is a fault that repeats nothing of it', async (t) => {
  for (const [sink, why] of [
    [{}, 'needs one of `url` and `file`'],
    [{ url: 'https://a.example/', file: 'x' }, 'needs one of `url` and `file`'],
    [{ url: 'ftp://s3cret.example/' }, 'must be an http:// or https:// URL'],
    [{ url: 'https://user:s3cret@a.example/' }, 'without user, password and fragment'],
    [{ url: 'https://a.example/#s3cret' }, 'without user, password and fragment'],
    [{ url: 'https://010.0.0.1/' }, 'an IPv4 address in a spelling'],
    [{ url: 'http://127.0.0.1/', ca: 'ca.pem' }, '`ca` is for an https:// `url`'],
    [{ url: 'https://a.example/', headers: { Host: 'b' } }, 'the header `Host` cannot be set here'],
    [{ url: 'https://a.example/', headers: { 'X-A': 's3cret\u0000' } }, 'is no valid HTTP header value'],
    [{ url: 'https://a.example/', timeout: '0s' }, 'duration'],
    [{ url: 'https://a.example/', verify: false }, 'verify'],
  ] as const) {
    const faults = (await faultsOf(t, { gateway: withSink(sink) })).join('\n')
    t.match(faults, why)
    t.notMatch(faults, 's3cret')
  }
})
