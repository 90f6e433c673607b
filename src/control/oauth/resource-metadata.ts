// What an API says of itself as a protected resource (RFC 9728).

import type { Api } from '../../config/compiled.ts'
import { proofAlgorithms } from '../../credentials/proof-algorithms.ts'
import { oauthPath } from '../../oauth/paths.ts'

/** undefined: it takes no tokens. */
export function resourceMetadata(api: Api | undefined, publicUrl: string): object | undefined {
  const host = api?.environments[0]?.hosts[0]
  if (api === undefined || api.oauth === null || host === undefined) return undefined
  return {
    resource: `https://${host}`,
    resource_name: api.name,
    authorization_servers: [`${publicUrl}${oauthPath}`],
    scopes_supported: [...api.permissions.keys()],
    bearer_methods_supported: ['header'],
    dpop_signing_alg_values_supported: [...proofAlgorithms],
    dpop_bound_access_tokens_required: api.oauth.profile === 'fapi2',
  }
}
