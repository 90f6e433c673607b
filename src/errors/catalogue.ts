// Every error that Latchkey itself answers with: code → HTTP status and the message people see.
// The README's table is held against this file by a test, both ways. Messages repeat nothing of the request.
// This folder knows nothing of gateway or control plane.

interface CatalogueEntry {
  readonly status: number
  readonly message: string
  /** RFC 6750 §3.1 error attribute of the Bearer challenge; null: a challenge without one. Absent: no challenge. */
  readonly challenge?: 'invalid_token' | 'insufficient_scope' | null
  /** Seconds for `Retry-After`. */
  readonly retryAfterSeconds?: number
}

/** The messages of INVALID_API_KEY and INSUFFICIENT_PERMISSIONS are those of the flint API document. */
export const catalogue = {
  // The head of the message
  BAD_REQUEST: { status: 400, message: 'The request is not valid HTTP' },
  URI_TOO_LONG: { status: 414, message: 'The request target is too long' },
  HEADERS_TOO_LARGE: { status: 431, message: 'The request headers are too large or too many' },
  REQUEST_TIMEOUT: { status: 408, message: 'The request did not arrive in time' },
  HTTPS_REQUIRED: { status: 403, message: 'This API is only served over HTTPS' },
  // The path and the route
  INVALID_PATH: { status: 400, message: 'The request target is malformed or ambiguous' },
  UNKNOWN_HOST: { status: 421, message: 'No API is served under this host name' },
  ROUTE_NOT_FOUND: { status: 404, message: 'No such resource' },
  METHOD_NOT_ALLOWED: { status: 405, message: 'This resource does not support the request method' },
  // The caller
  MISSING_API_KEY: { status: 401, message: 'No API key was provided', challenge: null },
  INVALID_API_KEY: {
    status: 401,
    message: 'The provided API key is invalid or has been revoked',
    challenge: 'invalid_token',
  },
  WRONG_ENVIRONMENT: {
    status: 401,
    message: 'The provided API key belongs to another environment than this host',
    challenge: 'invalid_token',
  },
  INSUFFICIENT_PERMISSIONS: {
    status: 403,
    message: "This API key doesn't have permission to access this resource",
    challenge: 'insufficient_scope',
  },
  AUTH_UNAVAILABLE: {
    status: 503,
    message: 'The API key cannot be checked at the moment',
    retryAfterSeconds: 1,
  },
  TOO_MANY_REQUESTS: {
    status: 429,
    message: 'Too many requests with unknown API keys',
    retryAfterSeconds: 60,
  },
  IP_NOT_ALLOWED: { status: 403, message: 'This API key may not be used from this address' },
  RATE_LIMITED: { status: 429, message: 'Too many requests', retryAfterSeconds: 1 },
  QUOTA_EXCEEDED: { status: 429, message: 'The quota of this month is used up', retryAfterSeconds: 3_600 },
  OVERLOADED: { status: 503, message: 'The service is overloaded', retryAfterSeconds: 1 },
  // The body and the upstream
  BODY_TOO_LARGE: { status: 413, message: 'The request body is larger than this resource accepts' },
  UPSTREAM_ERROR: { status: 502, message: 'The upstream service could not be reached or answered wrongly' },
  UPSTREAM_UNAVAILABLE: {
    status: 503,
    message: 'The upstream service has no capacity at the moment',
    retryAfterSeconds: 1,
  },
  UPSTREAM_TIMEOUT: { status: 504, message: 'The upstream service did not answer in time' },
  INTERNAL_ERROR: { status: 500, message: 'An internal error occurred' },
  // The control plane
  VALIDATION_FAILED: { status: 422, message: 'The request is not valid' },
  UNAUTHORIZED: { status: 401, message: 'A valid admin token or a session is required' },
  FORBIDDEN: {
    status: 403,
    message: 'The admin API does not permit this to its caller: the address, the role or its reach',
  },
  SIGN_IN_FAILED: { status: 401, message: 'E-mail address, password or code is wrong' },
  REAUTHENTICATION_REQUIRED: {
    status: 403,
    message: 'Give the password again, or sign in again, before changing by what the account is entered',
  },
  FACTOR_IN_FORCE: {
    status: 409,
    message: 'A second factor is in force; take it away before setting up another',
  },
  PROVIDER_UNAVAILABLE: {
    status: 503,
    message: 'The identity provider does not answer; try again, or sign in otherwise',
  },
  CSRF_REJECTED: { status: 403, message: 'The request does not come from a page of the hub' },
  NOT_FOUND: { status: 404, message: 'No such object' },
  LINK_ENDED: { status: 410, message: 'The link was used, has expired, or never was one; ask for another' },
  TOO_MANY_ATTEMPTS: {
    status: 429,
    message: 'Too many attempts; wait before the next one',
    retryAfterSeconds: 30,
  },
  ACCOUNT_EXISTS: { status: 409, message: 'There is an account with this e-mail address already' },
  KEY_REVOKED: { status: 409, message: 'The key is revoked; this is final. Create a new key' },
  ROTATION_IN_PROGRESS: {
    status: 409,
    message: 'A rotation is in its grace period; end it first or wait for its end',
  },
  IDEMPOTENCY_MISMATCH: {
    status: 409,
    message: 'This Idempotency-Key was used for another request within the last 24 hours',
  },
  IMPORT_INCOMPLETE: {
    status: 503,
    message: 'The import was interrupted after a part of it; repeat it to import the rest',
    retryAfterSeconds: 1,
  },
  REVISION_CONFLICT: { status: 412, message: 'The object has changed since the revision in If-Match' },
  DENIED_BY_FILE: {
    status: 409,
    message: 'The deny file lists this entry; only the file can take it back',
  },
  OUTCOME_UNKNOWN: {
    status: 503,
    message:
      'It is not known whether the change was made; ask for the object, or repeat the request with its Idempotency-Key',
    retryAfterSeconds: 1,
  },
  QUERY_TOO_SLOW: {
    status: 503,
    message: 'The database took too long to find this; ask for less at once',
    retryAfterSeconds: 1,
  },
  STORE_UNAVAILABLE: {
    status: 503,
    message: 'The database cannot be reached; nothing was changed',
    retryAfterSeconds: 1,
  },
} as const satisfies Record<string, CatalogueEntry>

export type ErrorCode = keyof typeof catalogue

/** One entry, with the optional fields visible whatever the code. */
export function entryOf(code: ErrorCode): CatalogueEntry {
  return catalogue[code]
}
