// What is put in place of what oidc-provider does by itself.

import { generateKeyPairSync } from 'node:crypto'
import t from 'tap'
import { createProvider } from '../../src/oauth/provider.ts'
import { createPostgres } from '../../src/store/postgres.ts'
import { gatewayYaml, load } from '../config/files.ts'

void t.test('where a secret cannot be compared the client may come again', async (t) => {
  const table = 'permissions:\n  a: A\nroutes:\n  GET /v1/a: a\n'
  const loaded = await load(t, { gateway: `${gatewayYaml}    oauth: {}\n`, table })
  if (!loaded.ok) return t.fail(JSON.stringify(loaded.faults))
  const db = createPostgres({ url: 'postgres://nobody@127.0.0.1:1/none', applicationName: 'test' })
  t.teardown(() => db.close())
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const jwk = { ...privateKey.export({ format: 'jwk' }), kid: 'one', alg: 'ES256', use: 'sig' }
  const never = () => Promise.reject(new Error('not asked'))
  const provider = createProvider({
    ...{ db, table: loaded.config.table, issuer: 'http://localhost/oauth', newId: () => 'atk_1' },
    ...{
      tokens: { issue: never, end: never, find: never },
      settled: never,
      spread: never,
      endGrant: never,
    },
    keys: { signing: [{ ...jwk, kty: 'EC' }], cookies: ['cookie-key-of-a-test'] },
    mutualTls: { isOffered: false, url: null, authorities: () => [] },
    now: Date.now,
    devicePage: 'http://localhost/device',
    keySets: { of: async () => undefined },
    ...{ consentPath: (id) => `/${id}`, interactionPath: (id) => `/i/${id}`, failed: () => undefined },
  })
  const compared = provider.Client.prototype.compareClientSecret.call({ clientId: 'cli_1' }, 'x')
  const outcome = await Promise.resolve(compared).catch((error: unknown) => error)
  t.match(outcome, { error: 'temporarily_unavailable', statusCode: 503 })
})
