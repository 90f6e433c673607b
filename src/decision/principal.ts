// Who calls, and what they may do.

import type { CredentialRecord } from '../credentials/record.ts'

/** What a caller may do. One object for all whose keys hold the same: made once a table. */
export interface Grant {
  readonly held: ReadonlySet<string>
  /** Value of the permissions header: comma-separated, sorted, `*` expanded. */
  readonly permissionsHeader: string
}

/** The verified caller. */
export interface Principal {
  readonly record: CredentialRecord
  readonly grant: Grant
}
