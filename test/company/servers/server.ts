// What the tables of servers say of each.

import type { Source } from '../programs/have.ts'
import type { Command, Place } from '../programs/run.ts'

/** Where a server runs, and what it serves. */
export interface ServerPlace extends Place {
  /** Folder of the files, see docroot.ts. */
  readonly docroot: string
  /** Of one that is before another: that one's port. */
  readonly target?: number
}

export interface ServerProgram {
  readonly name: string
  readonly source: Source
  command(place: ServerPlace): Command
  /** Arguments that make it say its version, else `--version`. */
  readonly version?: readonly string[]
  /** It stands before Node's http. */
  readonly isBefore?: true
  /** Part of `npm test`; the others run by `npm run test:company`. */
  readonly isQuick?: true
  /** Settings of its upstream, as behind `url` in the file: what `upstreams probe` proposes where it cannot do without. */
  readonly upstream?: string
  /** What `upstreams probe` finds. */
  readonly probe?: ExpectedProposal
}

export interface ExpectedProposal {
  readonly reuse: 'all' | 'bodiless' | 'none'
  readonly why: RegExp
  /** Absent: nothing speaks against the default. */
  readonly connections?: number
  /** Absent: there is none. */
  readonly note?: RegExp
}
