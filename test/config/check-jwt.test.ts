import t from 'tap'
import { whyNoKeyUrl } from '../../src/config/check-jwt.ts'
import { faultsOf, gatewayYaml } from './files.ts'

const least = 'audience: api, merchant_claim: m'
const withJwt = (text: string, more = '') => `${gatewayYaml}    jwt: { ${least}, ${text} }\n${more}`
const right = 'issuer: "https://id.test", environment: live'

async function faultOf(t: Parameters<typeof faultsOf>[0], text: string, more = ''): Promise<string> {
  const faults = await faultsOf(t, { gateway: withJwt(text, more) })
  return faults.join('\n')
}

t.test('keys come from where nobody could have changed them', async (t) => {
  t.equal(await faultOf(t, right), '')
  t.equal(await faultOf(t, 'issuer: "http://127.0.0.1:9/a", environment: live'), '')
  t.match(
    await faultOf(t, 'issuer: "http://id.test", environment: live'),
    /gateway\.yaml:\d+:\d+ +`issuer` must be https/,
  )
  t.match(await faultOf(t, `${right}, jwks_uri: "http://10.0.0.1/jwks"`), /`jwks_uri` must be https/)
  t.match(
    await faultOf(t, `${right}, jwks_uri: "https://a:b@id.test/jwks"`),
    /`jwks_uri` must not have a user/,
  )
  for (const issuer of [
    'id.test',
    'ftp://id.test',
    'https://id.test?a',
    'https://id.test/#a',
    'https://',
    '',
  ])
    t.match(await faultOf(t, `issuer: "${issuer}", environment: live`), /`issuer`|issuer/, issuer)
})

t.test('a token of one environment is none of another', async (t) => {
  const issuer = 'issuer: "https://id.test"'
  t.match(
    await faultOf(t, issuer),
    /needs `environment` or `environment_claim`: the API has `live` and `sandbox`/,
  )
  t.match(await faultOf(t, `${right}, environment_claim: env`), /has both/)
  t.match(await faultOf(t, `${issuer}, environment: liv`), /no environment `liv` .*did you mean live/)
  t.equal(await faultOf(t, `${issuer}, environment_claim: env`), '')
})

t.test('an API that takes such tokens forwards no other Authorization', async (t) => {
  const faults = await faultOf(t, right, '    forward_authorization: true\n')
  t.match(faults, /`forward_authorization` has no effect beside `jwt`/)
})

t.test('why keys are not fetched from a URL is said', async (t) => {
  t.equal(whyNoKeyUrl('https://id.test/jwks'), undefined)
  t.equal(whyNoKeyUrl('http://localhost/jwks'), undefined)
  for (const url of ['x', 'file:///x', 'http://id.test', 'https://a@id.test'])
    t.type(whyNoKeyUrl(url), 'string', url)
})
