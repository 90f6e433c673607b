// Contract 10: what an API says of access tokens.

import t from 'tap'
import { gatewayYaml, load } from './files.ts'

const table = 'permissions:\n  a: A\nroutes:\n  GET /v1/a: a\n'
const withOAuth = (text: string) => `${gatewayYaml}    oauth: ${text}\n`

void t.test('what is not said has its default, and Authorization is a place for tokens', async (t) => {
  const result = await load(t, { gateway: withOAuth('{}'), table })
  if (!result.ok) return t.fail(JSON.stringify(result.faults))
  const api = result.config.table.apis.get('flintn')
  t.same(api?.oauth, { accessTokenMs: 900_000, refreshTokenMs: 30 * 86_400_000, profile: 'baseline' })
  t.equal(api?.credential.bearer, true)
  t.equal(api?.credential.fieldList, 'X-Api-Key, Authorization')
})

void t.test('without it an API takes no tokens', async (t) => {
  const result = await load(t, { gateway: gatewayYaml, table })
  if (!result.ok) return t.fail(JSON.stringify(result.faults))
  t.equal(result.config.table.apis.get('flintn')?.oauth, null)
  t.equal(result.config.table.apis.get('flintn')?.credential.bearer, false)
})

void t.test('no access token lives longer than a day', async (t) => {
  for (const [text, ms] of [
    ['10s', 10_000],
    ['1m', 60_000],
    ['1440m', 86_400_000],
    ['24h', 86_400_000],
    ['1d', 86_400_000],
  ] as const) {
    const gateway = withOAuth(`{ access_token: ${text}, refresh_token: 90d, profile: fapi2 }`)
    const result = await load(t, { gateway, table })
    if (!result.ok) return t.fail(JSON.stringify(result.faults))
    t.same(result.config.table.apis.get('flintn')?.oauth, {
      ...{ accessTokenMs: ms, refreshTokenMs: 90 * 86_400_000, profile: 'fapi2' },
    })
  }
  for (const text of ['5s', '0m', '1441m', '25h', '2d', '15', 'none']) {
    const result = await load(t, { gateway: withOAuth(`{ access_token: ${text} }`), table })
    t.equal(result.ok, false, text)
  }
  for (const said of ['refresh_token: 30s', 'profile: fapi1', 'scopes: []']) {
    t.equal((await load(t, { gateway: withOAuth(`{ ${said} }`), table })).ok, false, said)
  }
})
