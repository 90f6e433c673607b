// Why a request was refused, in a sentence that support can read aloud to whoever sent it: what happened, and what mends it. All
// reasons of reasons.ts; a test holds the two together. Nothing of how the platform is built stands here: no addresses, names of
// machines or of settings, which reasons.ts has for those who run it.

import type { ErrorCode } from './catalogue.ts'

const stop = 'The platform has stopped this in an emergency; please ask the platform.'
const ours =
  'Something went wrong inside the gateway, not in your request. Please tell the platform the request id.'
const upstreamAway = 'Your request was accepted, but the service behind the gateway could not be reached.'
const upstreamTrust =
  'Your request was accepted, but the gateway could not make a trusted connection to the service behind it. The platform must mend that.'
const upstreamGarbled =
  'Your request was accepted, but the service behind the gateway gave an answer that could not be passed on.'
const busy = 'The gateway had too much to do at that moment. Please send the request again in a moment.'
const ambiguousPath =
  'The address of the request can be read in two ways, so it was refused. Please check how your program builds its URLs.'
const brokenHttp =
  'The request was not well-formed HTTP, so it could not be read safely. Please check the HTTP client, or the proxy in between.'
const wrongKey = 'The key is not one that this API knows. Please check that it was copied whole.'
const adminToken = 'The admin API was called with a token that it does not take. Please check the token.'
// One for every cause: whoever reads it aloud must not tell who has an account.
const signIn =
  'The e-mail address and the password or code do not belong together, or the account cannot be used.'
const otherWay =
  'The sign-in of the other company did not lead to an account here. Please try again, or sign in with a password.'
const otherPage = 'The change was not sent by the pages of the hub itself. Please load the page again.'
const tooManyAttempts = 'There were too many attempts to sign in. Please wait a minute and try again.'

/** Code → reason → the sentence. */
export const sentences: Readonly<Record<ErrorCode, Readonly<Record<string, string>>>> = {
  BAD_REQUEST: {
    parser: brokenHttp,
    framework: 'The admin API could not read the request. Please check how your program builds it.',
    unfinished: 'The connection was ended by the sender in the middle of the request.',
    plain_http: 'The request came unencrypted to a port that speaks TLS. Please use https.',
    http_version: 'The request used a version of HTTP that the gateway does not speak. Please use HTTP/1.1.',
    missing_host: 'The request did not say which host it is for. Please send the Host field.',
    repeated_host: 'The request named its host more than once. Please send the Host field once.',
    malformed_host: 'What the request gave as its host is not a host name. Please check the Host field.',
    content_length: 'The length that the request gave for its body is not a number that can be used.',
    transfer_encoding: 'The request encoded its body in a way that the gateway does not take.',
    repeated_transfer_encoding: 'The request said more than once how its body is encoded, so it was refused.',
    transfer_encoding_in_http_1_0:
      'The request used a chunked body, which its version of HTTP does not have. Please use HTTP/1.1.',
    after_last_request: 'It came behind another request on a connection that could not be trusted any more.',
    cut_body: 'The import ended before all of it had arrived. Please send it again.',
  },
  URI_TOO_LONG: { url_bytes: 'The address of the request is too long. Please send less in the URL.' },
  HEADERS_TOO_LARGE: {
    header_bytes:
      'The header fields of the request are too large together. Please send fewer or shorter ones.',
    header_count: 'The request has too many header fields. Please send fewer.',
    connection_names: 'The Connection field of the request lists too many names.',
    parser_overflow: 'The header fields of the request are far too large.',
    header_overflow: 'The header fields of the call to the admin API are too large.',
  },
  REQUEST_TIMEOUT: {
    head_too_slow: 'The beginning of the request did not arrive in time. Please check the connection.',
    slow_head: 'The beginning of the call to the admin API did not arrive in time.',
    body_idle: 'The body of the request stopped arriving, and was waited for no longer.',
    body_too_slow: 'The body of the request arrived too slowly, and was waited for no longer.',
  },
  HTTPS_REQUIRED: { plain_http: 'This API is served over https alone, and the request came over http.' },
  INVALID_PATH: {
    not_origin_form: 'What was asked for is not a path on this host. Please check the URL.',
    connect: 'The request asked for a tunnel, which this API does not offer.',
    parser: 'The address of the request holds characters that may not stand in one.',
    escape: 'The address of the call to the admin API holds a percent sign that begins no escape.',
    dot_segment: 'The path holds a segment of dots alone, which could lead elsewhere, so it was refused.',
    empty_segment: 'The path holds two slashes in a row. Please check whether an id was left out.',
    backslash: 'The path holds a backslash. Please use forward slashes.',
    semicolon: 'The path holds a semicolon, which could be read in two ways.',
    fragment: 'The address holds a hash sign. Please leave out what stands behind it, or encode it.',
    raw_byte: 'The path holds characters that must be encoded. Please encode everything beyond plain ASCII.',
    raw_byte_in_query: 'The query holds characters that must be encoded.',
    malformed_escape: 'The path holds a percent sign that begins no escape. Please encode it as %25.',
    not_utf8: 'The path is encoded in something else than UTF-8.',
    escaped_slash: ambiguousPath,
    escaped_backslash: ambiguousPath,
    escaped_percent: ambiguousPath,
    escaped_semicolon: ambiguousPath,
    escaped_question_mark: ambiguousPath,
    escaped_hash: ambiguousPath,
    escaped_control:
      'The path holds an encoded control character. Please check what your program puts there.',
    nested_escape: 'Something in the path was encoded twice. Please encode it once.',
    hidden_literal:
      'A value in the path looks like a part of another address, so it could be read in two ways. Please check the value.',
  },
  UNKNOWN_HOST: {
    unknown_host: 'No API is served under the host name that the request gave. Please check the base URL.',
    control_host: 'The control plane was asked under a name that is not its own.',
  },
  ROUTE_NOT_FOUND: {
    route_not_found: 'The API has no such address. Please check the path against the documentation.',
  },
  METHOD_NOT_ALLOWED: {
    method_not_allowed:
      'The address exists, but not for this method. Please check whether it is GET, POST or another.',
  },
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
  OVERLOADED: {
    in_flight: busy,
    event_loop_delay: busy,
    connections: busy,
    descriptors: busy,
    streams: 'Too many people watched live at that moment. Please try again in a while.',
    webhook_asked:
      'Deliveries of this webhook that were asked for are still waiting. Please try again when they have been sent.',
    exports: 'Too many exports of the audit were under way. Please try again in a while.',
  },
  BODY_TOO_LARGE: {
    content_length: 'The body of the request is larger than this address takes.',
    streamed: 'The body of the request grew larger than this address takes.',
    body_limit: 'The body of the call to the admin API is too large.',
    import: 'The import is too large for one call. Please send it in parts.',
  },
  UPSTREAM_ERROR: {
    refused: upstreamAway,
    reset: 'Your request was accepted, but the service behind the gateway broke the connection off.',
    closed: 'Your request was accepted, but the service behind the gateway ended its answer too early.',
    connect_timeout: upstreamAway,
    unreachable: upstreamAway,
    name_not_found: upstreamAway,
    malformed: upstreamGarbled,
    not_http: upstreamGarbled,
    headers_too_large: 'Your request was accepted, but the header fields of the answer to it were too large.',
    transfer_coding: upstreamGarbled,
    response_too_large: 'Your request was accepted, but the answer to it was larger than is passed on.',
    head: upstreamGarbled,
    expired: upstreamTrust,
    not_yet_valid: upstreamTrust,
    wrong_name: upstreamTrust,
    unknown_issuer: upstreamTrust,
    self_signed: upstreamTrust,
    certificate: upstreamTrust,
    client_certificate_wanted: upstreamTrust,
    client_certificate_refused: upstreamTrust,
    alpn: upstreamTrust,
    tls_version: upstreamTrust,
    not_tls: upstreamTrust,
    tls: upstreamTrust,
    upstream_failed: 'Your request was accepted, but the service behind the gateway failed.',
  },
  UPSTREAM_UNAVAILABLE: {
    queue_full:
      'Your request was accepted, but the service behind the gateway had too many others to answer.',
    queue_timeout:
      'Your request was accepted, but the service behind the gateway had no room for it in time.',
    circuit_open: 'Your request was accepted, but the service behind the gateway has been away for a while.',
  },
  UPSTREAM_TIMEOUT: {
    name_timeout: upstreamAway,
    connect_timeout: upstreamAway,
    no_response_head:
      'Your request was accepted, but the service behind the gateway did not answer in time. It may have done its work all the same, so please check before you send it again.',
    body_not_read:
      'The service behind the gateway stopped reading the body of the request. It may have done a part of its work.',
  },
  INTERNAL_ERROR: {
    stage_failed: ours,
    framework_error: ours,
    past_the_stages: ours,
    no_principal: ours,
    no_upstream: ours,
    not_given: ours,
    unforeseen: 'Something went wrong inside the admin API. Please tell the platform the request id.',
  },
  VALIDATION_FAILED: {
    schema: 'A field of the call to the admin API is missing, unknown or of the wrong type.',
    invalid_field: 'A value in the call to the admin API cannot be used.',
    permissions: 'A permission was named that the API does not have.',
    unknown_merchant: 'There is no merchant with that id.',
    import: 'Lines of the import have faults; the answer named them.',
  },
  UNAUTHORIZED: {
    admin_token_missing: 'The admin API was called without a token.',
    admin_token_wrong: adminToken,
    admin_token_revoked: 'The admin API was called with a token that was revoked.',
    report_signature_wrong: 'The report was not signed by a scanner that the platform knows.',
    session_missing: 'Nobody was signed in. Please sign in.',
    session_ended: 'The session has ended. Please sign in again.',
    admin_token_expired: 'The admin API was called with a token that has expired.',
  },
  FORBIDDEN: {
    admin_address: 'The admin API is not served to the address that the call came from.',
    role: 'The role of the caller does not permit this.',
    viewer: 'The caller may look at this merchant, and change nothing of it.',
    scope: 'The caller sees a part of the installation, and this concerns all of it.',
  },
  NOT_FOUND: {
    unknown_path: 'The control plane has no such address.',
    malformed_id: 'What was given as an id cannot be one. Please copy it whole.',
    unknown_key: 'There is no key with that id, or none that the caller may see.',
    no_grace: 'No older secret of the key works any more, so there is no end to move.',
    unknown_merchant: 'There is no merchant with that id, or none that the caller may see.',
    unknown_token: 'There is no token with that id.',
    unknown_factor: 'The account has nothing of the kind to sign in with.',
    unknown_provider: 'Nobody signs in by that name here.',
    unknown_person: 'There is no account with that id, or none that the caller may see.',
    unknown_session: 'There is no session with that id. It may have ended.',
    unknown_invitation: 'There is no invitation with that id, or none that the caller may see.',
    unknown_client: 'There is no such OAuth client, or it is not yours to see.',
    unknown_grant: 'There is no such grant of access, or it has ended already, or it is not yours to see.',
    unknown_interaction:
      'The request for access is not under way in this browser any more. Please begin again in the program that asked for it.',
    unknown_delivery: 'The webhook has no such delivery, or it is kept no longer.',
    unknown_webhook: 'There is no webhook with that id, or none that the caller may see.',
    unknown_request: 'No request with that id is kept, or none that the caller may see.',
    not_denied: 'The emergency stop has no such entry.',
  },
  SIGN_IN_FAILED: {
    unknown_account: signIn,
    no_password: signIn,
    wrong_password: signIn,
    account_disabled: signIn,
    oidc_no_link: otherWay,
    operator_invited: signIn,
    changed_meanwhile: 'The account was changed in that moment. Please sign in again.',
    second_factor_missing: signIn,
    wrong_code: signIn,
    passkey_challenge: signIn,
    passkey_unknown: signIn,
    passkey_wrong: signIn,
    oidc_not_begun: otherWay,
    oidc_refused: otherWay,
    oidc_no_email: otherWay,
    oidc_other_subject: otherWay,
    oidc_no_operator: otherWay,
  },
  REAUTHENTICATION_REQUIRED: {
    proof_old: 'Please give the password again before changing how you sign in.',
  },
  FACTOR_IN_FORCE: {
    totp_in_force: 'The account has a second factor. Please take it away before setting up another.',
  },
  PROVIDER_UNAVAILABLE: {
    oidc_discovery:
      'The sign-in of the other company does not answer. Please try again, or sign in otherwise.',
  },
  CSRF_REJECTED: {
    origin: otherPage,
    csrf_token: otherPage,
  },
  LINK_ENDED: { link_ended: 'The link was used already, or its time is over. Please ask for a new one.' },
  TOO_MANY_ATTEMPTS: {
    pace_of_address: tooManyAttempts,
    pace_of_account: tooManyAttempts,
    pace_of_codes: tooManyAttempts,
    pace_of_mails: 'More mails were asked for than may be sent. Please wait a while.',
    passwords_waiting: busy,
  },
  ACCOUNT_EXISTS: { account_exists: 'There is an account with that e-mail address already.' },
  KEY_REVOKED: { revoked: 'The key was revoked, and a revoked key cannot be changed any more.' },
  ROTATION_IN_PROGRESS: {
    grace_running: 'It was rotated a while ago, and the old secret still works. That must end first.',
  },
  IDEMPOTENCY_MISMATCH: {
    other_request:
      'The same Idempotency-Key was used for another call. Please use a new one for each change.',
  },
  IMPORT_INCOMPLETE: {
    postgres:
      'The database went away in the middle of the import. Please send it again: what was imported stays as it is.',
    import_conflict: 'A key of the import was made by somebody else meanwhile. Please send it again.',
  },
  REVISION_CONFLICT: {
    if_match: 'Somebody else has changed the key meanwhile. Please look at it again before you change it.',
  },
  DENIED_BY_FILE: { denied_by_file: 'The entry stands in a file, and can be taken back there alone.' },
  OUTCOME_UNKNOWN: {
    postgres_outcome: 'It is not known whether the change was made. Please look before you try again.',
  },
  QUERY_TOO_SLOW: { postgres_slow: 'The database took too long to find this. Please ask for less at once.' },
  STORE_UNAVAILABLE: { postgres: 'The database could not be reached. Nothing was changed.' },
}

/** What is said of requests that were let through, and failed all the same: by who ended the answer, or its status. */
export const failureSentences = {
  upstream_failed:
    'Your request was accepted and passed on, and the service behind the gateway itself answered that it failed.',
  upstream:
    'Your request was accepted, and the service behind the gateway broke its answer off in the middle.',
  timeout: 'Your request was accepted, and its answer was ended in the middle, as nothing moved any more.',
  gateway: 'Your request was accepted, and its answer was ended in the middle by a limit of the gateway.',
  client: 'Your request was accepted, and the sender left before the answer was whole.',
} as const

export interface Told {
  /** null: it was let through. */
  readonly code: string | null
  readonly reason: string | null
  /** Who ended it before its time; null: nobody. */
  readonly cut: string | null
}

/** The sentence for a request that was refused, or came to nothing. Words of another version than this one get a general one. */
export function sentenceOf({ code, reason, cut }: Told): string {
  if (code === null) return ownOf(failureSentences, cut ?? '') ?? failureSentences.upstream_failed
  const ofCode = ownOf(sentences, code)
  const sentence = ofCode && ownOf(ofCode, reason ?? '')
  return sentence ?? `The request was refused with ${code}; what stands behind it this version cannot say.`
}

function ownOf<Value>(table: Readonly<Record<string, Value>>, name: string): Value | undefined {
  return Object.hasOwn(table, name) ? table[name] : undefined
}
