// Who calls, and what they may do.

import type { CredentialRecord } from '../credentials/record.ts'
import type { OutsideToken } from '../lookup/issuer/checked-token.ts'

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

/** What is known of a token beyond its record: what log and emergency stop call it, and the program that it was given to. */
export type Outside = Pick<OutsideToken, 'id' | 'issuer' | 'subjectId' | 'issuerId' | 'clientId'>
