// Why refusals happen, in words for the log: those of calls of the admin API.

import type { ErrorCode } from '../catalogue.ts'

export const controlReasons = {
  VALIDATION_FAILED: {
    schema: 'A field is missing, unknown, or of a wrong type',
    invalid_field: 'The value of a field cannot be taken',
    permissions: 'A permission that the API does not have',
    unknown_merchant: 'There is no such merchant',
    import: 'Lines of an import have faults',
  },
  UNAUTHORIZED: {
    admin_token_missing: 'No Authorization field',
    admin_token_wrong: 'Not one of the admin tokens',
    admin_token_revoked: 'A token that the admin API made, and that was revoked',
    report_signature_wrong:
      'A report of exposed keys without a token whose signature does not fit, or is by none of `control.secret_scanning`',
    admin_token_expired: 'A token that the admin API made, and whose `expires_at` has passed',
    session_missing: 'No session, where there must be one',
    session_ended: 'The session has ended, or never was one',
  },
  FORBIDDEN: {
    admin_address: 'The address is not in `control.admin_from`',
    role: 'The role of the token may not call the route',
    scope: 'The token is for a merchant or an API, and the route concerns the whole installation',
    viewer: 'The member only looks at this merchant',
  },
  NOT_FOUND: {
    unknown_path: 'The control plane has no such path',
    malformed_id: 'What stands for an id cannot be one',
    unknown_key: 'There is no such key, or none that the caller sees',
    no_grace: 'No rotation of the key is under way',
    unknown_merchant: 'There is no such merchant, or none that the caller sees',
    unknown_token: 'There is no such token',
    unknown_webhook: 'There is no such webhook, or none that the caller sees',
    unknown_client: 'There is no such client, or none that the caller sees',
    unknown_grant: 'There is no such grant, or none that the caller sees, or it has ended',
    unknown_interaction: 'No request for access of that id is under way in this browser',
    unknown_delivery: 'The webhook has no such delivery, or it is kept no longer',
    unknown_person: 'There is no such account, or none that the caller sees',
    unknown_factor: 'The account has no such factor',
    unknown_provider: 'There is no such identity provider',
    unknown_session: 'There is no such session of the account',
    unknown_invitation: 'There is no such invitation, or none that the caller sees',
    unknown_request: 'No request of that id is kept, or none that the caller sees',
    not_denied: 'The emergency stop has no such entry',
  },
  KEY_REVOKED: { revoked: 'The key is revoked, and does not change any more' },
  ROTATION_IN_PROGRESS: { grace_running: 'The grace of a rotation is not over' },
  IDEMPOTENCY_MISMATCH: { other_request: 'The same Idempotency-Key came with another request' },
  IMPORT_INCOMPLETE: {
    postgres: 'Postgres went away in the midst of it',
    import_conflict: 'A key of the import came into being meanwhile',
  },
  REVISION_CONFLICT: { if_match: 'The key has changed since the revision in If-Match' },
  DENIED_BY_FILE: { denied_by_file: 'The deny file lists the entry' },
  OUTCOME_UNKNOWN: { postgres_outcome: 'Postgres did not say whether it committed' },
  QUERY_TOO_SLOW: { postgres_slow: 'Postgres ended the query after its time' },
  STORE_UNAVAILABLE: { postgres: 'Postgres could not be asked' },
} as const satisfies Partial<Record<ErrorCode, Readonly<Record<string, string>>>>
