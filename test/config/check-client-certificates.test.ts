// What `config check` says of how clients show a certificate (contract 10).

import t from 'tap'
import { formatFault } from '../../src/config/load.ts'
import { makeAuthority } from '../support/certificates.ts'
import { gatewayYaml, load } from './files.ts'

type Test = Parameters<typeof load>[0]

const proxies = 'trusted_proxies: [10.0.0.0/8]'

async function said(t: Test, sections: string): Promise<string[]> {
  const { warnings, ...result } = await load(t, { gateway: `${sections}\n${gatewayYaml}` })
  return [...(result.ok ? [] : result.faults), ...warnings].map(formatFault)
}

t.test(
  'clients are asked for a certificate over TLS, or behind a proxy that says what it has seen',
  async (t) => {
    const authority = makeAuthority(t)
    const { certFile, keyFile } = authority.make('a', { names: ['api.flintn.com', 'sandbox.api.flintn.com'] })
    const tls = `tls: { cert: ${certFile}, key: ${keyFile}, client_certificates: optional }`
    t.same(await said(t, `gateway: { ${tls} }`), [])
    const control = `client_ca: ${authority.caFile}, mtls_url: "https://mtls.example.com"`
    t.same(await said(t, `control: { ${tls}, ${control} }`), [])
    t.same(await said(t, `gateway: { client_cert_header: true, ${proxies} }`), [])
    t.same(await said(t, `control: { client_cert_header: true, ${proxies}, ${control} }`), [])
  },
)

t.test('there is no other way to ask than those', async (t) => {
  const { certFile, keyFile } = makeAuthority(t).make('a')
  t.match(
    await said(t, `control: { tls: { cert: ${certFile}, key: ${keyFile}, client_certificates: required } }`),
    [/^gateway\.yaml:1:\d+ {2}.*`client_certificates`.*(off|optional)/],
  )
  t.match(await said(t, 'gateway: { tls: { client_certificates: optional } }'), [
    /missing key `cert`/,
    /missing key `key`/,
  ])
})

t.test('a header of nobody is believed of nobody', async (t) => {
  for (const plane of ['gateway', 'control'])
    t.match(await said(t, `${plane}: { client_cert_header: true }`), [
      /^gateway\.yaml:1:\d+ {2}`client_cert_header` is believed of `trusted_proxies` alone, and there are none/,
    ])
})

t.test('the address for those who show one is https://, without a path', async (t) => {
  const with_ = (url: string) =>
    said(t, `control: { client_cert_header: true, ${proxies}, mtls_url: "${url}" }`)
  for (const url of ['http://mtls.example.com', 'https://mtls.example.com/oauth', 'mtls.example.com'])
    t.match(await with_(url), [/ is no https:\/\/ URL without a path/], url)
})

t.test('authorities that nobody can be asked for, or that are none, are told', async (t) => {
  const authority = makeAuthority(t)
  t.match(await said(t, `control: { client_ca: ${authority.caFile} }`), [
    /^gateway\.yaml:1:\d+ {2}`client_ca` is of no use: no client can show a certificate/,
  ])
  t.match(await said(t, 'control: { mtls_url: "https://mtls.example.com" }'), [/`mtls_url` is of no use/])
  const { keyFile } = authority.make('a')
  t.match(await said(t, `control: { client_cert_header: true, ${proxies}, client_ca: ${keyFile} }`), [
    /a\.key: holds no certificate/,
  ])
})
