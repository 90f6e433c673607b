// Stage 6, of tokens of outside issuers (`apis.x.jwt`): what the issuer says, and what the stores know of the merchant that it names.
// The merchant is looked up for each request by the way that keys are: one that is suspended is dead at once, whatever its tokens say.

import type { Api, HostMatch } from '../config/compiled.ts'
import type { JwtSettings } from '../config/jwt-schema.ts'
import { digestOfMerchant } from '../credentials/merchant-digest.ts'
import { type CredentialRecord, whyUnusable } from '../credentials/record.ts'
import type { Secret } from '../credentials/secret.ts'
import { type Denial, deny } from '../errors/denial.ts'
import type { Found, Lookup } from '../lookup/found.ts'
import type { CheckedToken, Issuers, OutsideToken } from '../lookup/issuer/checked-token.ts'
import type { Inquiry } from './inquiry.ts'
import type { Misses } from './misses.ts'
import type { Grant } from './principal.ts'

export interface OutsideDeps {
  readonly lookup: Lookup
  readonly issuers: Issuers
  readonly misses: Misses
  /** Wall-clock milliseconds. */
  readonly now: () => number
  grantOf(api: Api, permissions: readonly string[]): Grant
}

export interface Presented {
  readonly host: HostMatch
  readonly settings: JwtSettings
  readonly token: Secret
}

type Answer = Denial | undefined

/** Returns what checks such a token and makes the principal. Synchronous when token and merchant are in memory. */
export function outsideAuthenticator(deps: OutsideDeps) {
  const { lookup, issuers, misses, now } = deps

  function counted(inquiry: Inquiry, denial: Denial): Denial {
    misses.count(inquiry.client)
    return denial
  }

  function conclude(
    inquiry: Inquiry,
    { host, token }: { host: HostMatch; token: OutsideToken },
    found: Found,
  ): Answer {
    if (found.kind === 'unavailable') return deny('AUTH_UNAVAILABLE', found.reason)
    inquiry.tier = found.tier
    if (found.kind === 'unknown') return counted(inquiry, deny('INVALID_API_KEY', 'jwt_merchant'))
    const record = recordOf(found.record, token, host.api)
    inquiry.principal = {
      record,
      grant: deps.grantOf(host.api, token.permissions),
      outside: token,
    }
    const reason = whyUnusable(record, now())
    return reason === undefined ? undefined : deny('INVALID_API_KEY', reason)
  }

  function findMerchant(inquiry: Inquiry, host: HostMatch, checked: CheckedToken): Answer | Promise<Answer> {
    if (checked.kind === 'unavailable') return deny('AUTH_UNAVAILABLE', checked.reason)
    if (checked.kind === 'wrong') return counted(inquiry, deny('INVALID_API_KEY', checked.reason))
    const { token } = checked
    const refused = chooseEnvironment(inquiry, host, token)
    if (refused !== undefined) return refused
    const digest = digestOfMerchant(token.merchant)
    if (digest === undefined) return deny('INVALID_API_KEY', 'jwt_merchant')
    const found = lookup.find(digest)
    return found instanceof Promise
      ? found.then((late) => conclude(inquiry, { host, token }, late))
      : conclude(inquiry, { host, token }, found)
  }

  return (inquiry: Inquiry, { host, settings, token }: Presented): Answer | Promise<Answer> => {
    const known = issuers.known(settings, token)
    if (known !== undefined) return findMerchant(inquiry, host, known)
    if (misses.isOver(inquiry.client) && !misses.mayStill(inquiry.client))
      return deny('TOO_MANY_REQUESTS', 'failed_lookups')
    return issuers.check(settings, token).then((checked) => findMerchant(inquiry, host, checked))
  }
}

/** Its issuer says the environment, as a prefix does of a key. */
function chooseEnvironment(inquiry: Inquiry, host: HostMatch, { environment }: OutsideToken): Answer {
  inquiry.environment = host.environments.find(({ name }) => name === environment)
  if (inquiry.environment !== undefined) return undefined
  const isOther = host.api.environments.some(({ name }) => name === environment)
  return isOther ? deny('WRONG_ENVIRONMENT', 'wrong_environment') : deny('INVALID_API_KEY', 'jwt_environment')
}

/** As one of an access token, on the merchant's. Its key id is the merchant's own: there are as many as merchants. */
function recordOf(merchant: CredentialRecord, token: OutsideToken, api: Api): CredentialRecord {
  return {
    kind: 'outside_token',
    keyId: merchant.keyId,
    secretId: merchant.secretId,
    merchantId: merchant.merchantId,
    api: api.name,
    environment: token.environment,
    status: merchant.status,
    merchantStatus: merchant.merchantStatus,
    permissions: token.permissions,
    expiresAtMs: token.expiresAtMs,
    secretExpiresAtMs: null,
    limits: merchant.limits,
    token: { id: token.id, userId: token.subject, grantId: null, jkt: token.jkt },
    revision: merchant.revision,
  }
}
