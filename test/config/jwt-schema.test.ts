// Contract 10.3: what an API says of an outside issuer.

import t from 'tap'
import { gatewayYaml, load } from './files.ts'

const table = 'permissions:\n  a: A\nroutes:\n  GET /v1/a: a\n'
const least = 'issuer: "https://id.test", audience: api, merchant_claim: m'
const withJwt = (text: string) => `${gatewayYaml}    jwt: { ${text} }\n`

void t.test('what is not said has its default, and Authorization is a place for tokens', async (t) => {
  const result = await load(t, { gateway: withJwt(`${least}, environment: live`), table })
  if (!result.ok) return t.fail(JSON.stringify(result.faults))
  const api = result.config.table.apis.get('flintn')
  t.same(api?.jwt, {
    ...{ issuer: 'https://id.test', audience: 'api', merchantClaim: 'm', permissionsClaim: 'scope' },
    ...{ environment: 'live', environmentClaim: null, jwksUri: null, maxLifetimeMs: 86_400_000 },
    algorithms: ['RS256', 'PS256', 'ES256', 'EdDSA'],
  })
  t.equal(api?.credential.fieldList, 'X-Api-Key, Authorization')
  t.equal(result.config.table.merchantStaleLimitMs, api?.staleLimitMs)
})

void t.test('what is said is taken', async (t) => {
  const more =
    'environment_claim: env, permissions_claim: p, jwks_uri: "https://k.test/j?a=b", algorithms: [ES256], max_lifetime: 1h'
  const result = await load(t, { gateway: withJwt(`${least}, ${more}`), table })
  if (!result.ok) return t.fail(JSON.stringify(result.faults))
  t.match(result.config.table.apis.get('flintn')?.jwt, {
    ...{ environment: null, environmentClaim: 'env', permissionsClaim: 'p', jwksUri: 'https://k.test/j?a=b' },
    ...{ algorithms: ['ES256'], maxLifetimeMs: 3_600_000 },
  })
})

void t.test('without it an API takes none', async (t) => {
  const result = await load(t, { gateway: gatewayYaml, table })
  if (!result.ok) return t.fail(JSON.stringify(result.faults))
  t.equal(result.config.table.apis.get('flintn')?.jwt, null)
  t.equal(result.config.table.merchantStaleLimitMs, Number.POSITIVE_INFINITY)
})

void t.test('a shared secret signs nothing, nor does nobody', async (t) => {
  for (const algorithms of ['[HS256]', '[none]', '[ES256, HS512]', '[]', '[ES256, ES256]', 'ES256']) {
    const result = await load(t, {
      gateway: withJwt(`${least}, environment: live, algorithms: ${algorithms}`),
      table,
    })
    t.equal(result.ok, false, algorithms)
  }
})
