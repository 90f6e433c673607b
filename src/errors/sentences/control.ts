// Why refusals happened, in sentences for whoever sent the request: those of calls of the admin API.

import type { ErrorCode } from '../catalogue.ts'

const adminToken = 'The admin API was called with a token that it does not take. Please check the token.'

export const controlSentences = {
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
} as const satisfies Partial<Record<ErrorCode, Readonly<Record<string, string>>>>
