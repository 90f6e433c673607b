// One call of the admin API, in the words of a verb.

import { CliError } from '../errors.ts'
import { exitCodes } from '../exit.ts'

export interface AdminCall {
  /** What is being done, to go on with "cannot …": `revoke key key_1`. */
  readonly doing: string
  readonly method: 'GET' | 'POST' | 'PATCH' | 'DELETE'
  /** Below /admin/v1, its parts already encoded. */
  readonly path: string
  readonly query?: Readonly<Record<string, string | undefined>>
  readonly body?: Readonly<Record<string, unknown>>
  /** Why something is changed, for the audit. */
  readonly reason?: string | undefined
  /** A file, or a part of one, instead of a body. */
  readonly file?: {
    readonly type: string
    readonly body: ReadableStream<Uint8Array>
    /** How many lines of the file are not part of it: faults are told with their lines in the file. */
    readonly linesBefore: number
  }
  /** For a call that may take longer than others. */
  readonly timeoutMs?: number
}

/** An id as a part of a path. Throws CliError (wrong usage) on what could lead out of it. */
export function pathPart(id: string): string {
  if (/^[A-Za-z0-9_-]+$/.test(id)) return id
  throw new CliError(
    'an id consists of letters, digits and underscores, such as key_01J8… or mer_01J8…',
    exitCodes.usage,
  )
}
