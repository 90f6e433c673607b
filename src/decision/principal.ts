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
  /** Of a token of an outside issuer; left out: it is of ours. */
  readonly outside?: Outside
}

/** What the issuer of a token says beyond its record. */
export interface Outside {
  readonly issuer: string
  /** The program that it was given to, as the issuer calls it; null: it does not say. */
  readonly clientId: string | null
}
