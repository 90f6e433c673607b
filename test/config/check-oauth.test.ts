import t from 'tap'
import { faultsOf, gatewayYaml } from './files.ts'

const withOauth = (text: string, more = '') => `${gatewayYaml}    oauth: ${text}\n${more}`

t.test('a refresh token lives as long as an access token at least', async (t) => {
  for (const text of ['{}', '{ access_token: 1h, refresh_token: 60m }', '{ access_token: 24h }'])
    t.strictSame(await faultsOf(t, { gateway: withOauth(text) }), [], text)
  for (const text of ['{ refresh_token: 14m }', '{ access_token: 24h, refresh_token: 23h }']) {
    const faults = await faultsOf(t, { gateway: withOauth(text) })
    t.equal(faults.length, 1, text)
    t.match(faults[0], /`refresh_token` is shorter than `access_token`/, text)
  }
})

t.test('an API that takes tokens forwards no other Authorization', async (t) => {
  const forwarded = '    forward_authorization: true\n'
  const faults = await faultsOf(t, { gateway: withOauth('{}', forwarded) })
  t.equal(faults.length, 1)
  t.match(faults[0], /`forward_authorization` has no effect beside `oauth`/)
  t.strictSame(await faultsOf(t, { gateway: gatewayYaml + forwarded }), [])
})
