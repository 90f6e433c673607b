// Why refusals happened, in sentences for whoever sent the request: those of callers: no key, a wrong one, or one that may not or not any more.

import type { ErrorCode } from '../catalogue.ts'

const stop = 'The platform has stopped this in an emergency; please ask the platform.'
const wrongKey = 'The key is not one that this API knows. Please check that it was copied whole.'

export const credentialSentences = {
  MISSING_API_KEY: {
    missing: 'The request carried no API key.',
    empty: 'The field for the API key was there, but empty. Please check whether the key is configured.',
  },
  INVALID_API_KEY: {
    key_in_query:
      'The API key was in the URL, where it could be seen by others. Please send it in the header, and rotate this key.',
    other_scheme: 'The Authorization field used another scheme than Bearer.',
    several_credentials: 'The request carried more than one API key, so it is not clear whose it is.',
    malformed: 'The key is mistyped, cut off or made up: its checksum does not fit. Please copy it again.',
    unknown_prefix: 'The key does not begin as keys of this API do. It may be one for another product.',
    unknown: wrongKey,
    disabled: 'The key is disabled at the moment. Somebody with access can enable it again.',
    revoked: 'The key was revoked. That is final: a new key is needed.',
    expired: 'The key has expired. A new key is needed, or a later date for this one.',
    rotated_out:
      'The key was rotated, and the time in which the old secret still worked is over. Please use the new secret.',
    merchant_suspended: "The merchant's account is suspended, so none of its keys works at the moment.",
    other_api: 'The key is for another API than the one that was called.',
    other_environment: 'The key is for another environment than the one that was called.',
    bound:
      'The access token only works together with a proof of the key that it was given to (DPoP), and came without one.',
    not_bound:
      'What was sent is not bound to a key, but came under the scheme DPoP, or the API takes bound access tokens alone.',
    proof_missing:
      'The access token came under the scheme DPoP, but without the field DPoP that proves the key.',
    several_proofs: 'The request carried more than one proof in the field DPoP.',
    proof_malformed: 'The proof in the field DPoP is not made as it must be.',
    proof_other_request:
      'The proof in the field DPoP was made for another method or address than the one that was called.',
    proof_other_token: 'The proof in the field DPoP was made for another access token.',
    proof_time:
      'The proof in the field DPoP was made too long ago, or in the future. Please check the clock of the client.',
    proof_other_key:
      'The proof in the field DPoP was made with another key than the access token is bound to.',
    proof_signature: 'The signature of the proof in the field DPoP is wrong.',
    proof_repeated: 'The proof in the field DPoP was used before. Each request needs its own.',
    certificate_missing:
      'The access token only works over a connection on which the client shows its certificate, and none was shown.',
    certificate_other: 'The certificate that was shown is another than the access token is bound to.',
    jwt_malformed: 'What was sent looks like a signed token, but is none, or far too long.',
    jwt_algorithm: 'The token is signed in a way that is not taken here.',
    jwt_type: 'The token is made for something else than access. Please send the access token.',
    jwt_key_unknown: 'The token is signed with a key that its issuer does not publish.',
    jwt_signature: 'The signature of the token is wrong.',
    jwt_issuer: 'The token is of another issuer than this API takes tokens of.',
    jwt_audience:
      'The token is for another API, or is an ID token. Please send the access token for this one.',
    jwt_expired: 'The token has expired. Please get a new one from its issuer.',
    jwt_not_yet: 'The token is from the future. Please check the clock of the issuer.',
    jwt_too_long: 'The token would work for longer than this API takes tokens for.',
    jwt_claims: 'The token lacks a claim that it must have, or has one that cannot be taken.',
    jwt_environment: 'The token is for an environment that this API does not have.',
    jwt_merchant: 'The token is for a merchant that does not exist here.',
    tokens_not_taken: 'The API takes no access tokens any more. Please use an API key.',
    denied_client: `The address that the request came from is blocked. ${stop}`,
    denied_prefix: `Keys that begin like this one are blocked. ${stop}`,
    denied_key: `The key is blocked. ${stop}`,
    denied_merchant: `The keys of this merchant are blocked. ${stop}`,
  },
  WRONG_ENVIRONMENT: {
    wrong_environment:
      'The key and the host belong to different environments: a sandbox key was used on the live host, or the other way round.',
  },
  INSUFFICIENT_PERMISSIONS: {
    insufficient_permissions:
      'The key is valid, but lacks a permission that this request needs. Somebody with access can add it to the key.',
    denied_permission: `The key has the permission, but its use is blocked. ${stop}`,
  },
  AUTH_UNAVAILABLE: {
    postgres_unavailable:
      'The key could not be checked, as the database was away. Nothing is wrong with the key. Please send the request again.',
    proofs_full:
      'The proof of possession could not be checked for having been used before, as the gateway had too much to do. Please send the request again, with a new proof.',
    jwt_no_keys: 'The keys of the identity provider could not be had yet. Please try again in a moment.',
    jwt_keys_too_old:
      'The identity provider has not been reachable for a day, so its tokens cannot be checked.',
    jwt_key_not_yet_known:
      'The token is signed with a new key that is being asked for. Please send the request again.',
    overtaken: 'The key was being changed at that very moment. Please send the request again.',
    not_given: 'Nothing was decided: it depends on the key, and none was given.',
  },
  TOO_MANY_REQUESTS: {
    failed_lookups:
      'Too many requests with unknown keys came from this address. Please check the key, and wait a minute.',
  },
  IP_NOT_ALLOWED: {
    ip_not_allowed:
      'The key may only be used from certain addresses, and the request came from another one. Please ask whoever manages the key.',
  },
  RATE_LIMITED: {
    in_flight:
      'Too many requests were under way at the same time. Please wait for some of them to be answered before you send more.',
    rate_limit:
      'There were more requests than the limit allows. Please wait as many seconds as the answer says (Retry-After), and send fewer at once.',
  },
  QUOTA_EXCEEDED: {
    quota:
      'As many requests as one month has were made. The next ones pass when the month is over (UTC), or when the quota is raised.',
  },
} as const satisfies Partial<Record<ErrorCode, Readonly<Record<string, string>>>>
