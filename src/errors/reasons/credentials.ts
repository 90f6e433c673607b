// Why refusals happen, in words for the log: those of callers: no key, a wrong one, or one that may not or not any more.

import type { ErrorCode } from '../catalogue.ts'

export const credentialReasons = {
  MISSING_API_KEY: {
    missing: 'No key in the places that the API takes',
    empty: 'A field for the key, with nothing in it',
  },
  INVALID_API_KEY: {
    key_in_query: 'A value of the query begins as a key does',
    other_scheme: 'Authorization has another scheme than Bearer',
    several_credentials: 'More than one key',
    malformed: 'Shape or checksum are not those of a key: mistyped, cut, or made up. No store was asked',
    unknown_prefix: 'It begins as no key of this API does. No store was asked',
    unknown: 'No such key is stored',
    disabled: 'The key is disabled; it can be enabled again',
    revoked: 'The key is revoked, for ever',
    expired: 'Its `expires_at` has passed',
    rotated_out: 'It is the secret before a rotation whose grace is over',
    merchant_suspended: 'Its merchant is suspended',
    other_api: 'The key is of another API',
    other_environment: 'The key is of another environment than its prefix says',
    bound: 'An access token that is bound to a key came without its proof: under Bearer, or where a key goes',
    not_bound:
      'What is bound to no key came under the scheme DPoP, or is a token of an API whose `oauth.profile` is `fapi2`',
    proof_missing: 'The scheme DPoP without a field DPoP',
    several_proofs: 'More than one field DPoP',
    proof_malformed:
      'The proof is none (RFC 9449), too long, signed in a way that is not taken, or has a private key in it',
    proof_other_request: 'The proof is for another method or URL. Behind a proxy: `trusted_proxies`',
    proof_other_token: 'The proof is for another token',
    proof_time:
      "The proof was made more than 60 s ago, or is from the future: the client's clock, or a repeat",
    proof_other_key: 'The proof was made with another key than the token is bound to',
    proof_signature: 'The signature of the proof is wrong',
    proof_repeated: 'The proof was used before',
    certificate_missing:
      'An access token that is bound to a certificate came over a connection on which the client has shown none. `gateway.tls.client_certificates`, or behind a proxy `client_cert_header`',
    certificate_other: 'The client has shown another certificate than the access token is bound to',
    jwt_malformed: 'What has the form of a signed token (JWT) is none, or is over 16 KiB',
    jwt_algorithm:
      'A signed token whose `alg` is not one of `jwt.algorithms`, or not one of the key that it names',
    jwt_type: 'A signed token whose `typ` says that it is made for something else than access',
    jwt_key_unknown: 'A signed token by a key that its issuer does not publish',
    jwt_signature: 'The signature of a signed token is wrong',
    jwt_issuer: 'A signed token whose `iss` is not `jwt.issuer`',
    jwt_audience: 'A signed token whose `aud` does not name this API: of another one, or an ID token',
    jwt_expired: 'The `exp` of a signed token has passed',
    jwt_not_yet: 'A signed token from the future: its `nbf` or `iat` is more than 30 s ahead',
    jwt_too_long: 'The `exp` of a signed token is further away than `jwt.max_lifetime`',
    jwt_claims: 'A signed token lacks a claim that it must have, or has one that cannot be taken',
    jwt_environment: 'A signed token for an environment that the API does not have',
    jwt_merchant: 'A signed token for a merchant that there is not',
    tokens_not_taken: 'An access token, of an API that takes none: it has no `oauth` any more',
    denied_client: 'The emergency stop lists the address of the client',
    denied_prefix: 'The emergency stop lists how the secret begins',
    denied_key: 'The emergency stop lists the key',
    denied_merchant: 'The emergency stop lists the merchant',
  },
  WRONG_ENVIRONMENT: {
    wrong_environment:
      'The key is of an environment of the API that this host does not serve: a sandbox key on the live host, say',
  },
  INSUFFICIENT_PERMISSIONS: {
    insufficient_permissions: 'The key lacks what the route requires',
    denied_permission: 'It has it, and the emergency stop lists the permission',
  },
  AUTH_UNAVAILABLE: {
    postgres_unavailable: 'The key is in no cache, and Postgres could not be asked',
    jwt_no_keys: 'The keys of the outside issuer could not be had yet',
    jwt_keys_too_old: 'The keys of the outside issuer could not be had for a day',
    jwt_key_not_yet_known:
      'A signed token by a key that is not known: the issuer is asked whether it has others by now',
    overtaken: 'Changes came so fast that no answer held until it could be used',
    proofs_full: 'More proofs of possession came than this process can remember, and Redis did not answer',
    not_given: 'In the tools over tables and shadow mode alone: it depends on the key, and none is given',
  },
  TOO_MANY_REQUESTS: { failed_lookups: 'More unknown keys from this client than `limits.failed_lookups`' },
  IP_NOT_ALLOWED: { ip_not_allowed: "The client's address is in none of the key's `allowed_ips`" },
  RATE_LIMITED: {
    rate_limit: 'A rate limit that fits the route is used up; `limit` names it',
    in_flight: 'As many requests of the key, or of its merchant, are under way as its `in_flight` allows',
  },
  QUOTA_EXCEEDED: { quota: 'A quota of the API is used up until the month ends (UTC); `limit` names it' },
} as const satisfies Partial<Record<ErrorCode, Readonly<Record<string, string>>>>
