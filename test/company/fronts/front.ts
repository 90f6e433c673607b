// What the table of fronts says of each.

import type { Source } from '../programs/have.ts'
import type { Command, Place } from '../programs/run.ts'

/** Where a front runs, and where it sends requests. */
export interface FrontPlace extends Place {
  /** Port of 127.0.0.1 that it stands before. */
  readonly target: number
  /** What is there takes no PROXY protocol. */
  readonly isBare: boolean
}

export interface FrontProgram {
  readonly name: string
  readonly source: Source
  readonly version?: readonly string[]
  readonly isQuick?: true
  command(place: FrontPlace): Command
  /** Files outside its folder that it leaves where it is killed. */
  leftovers?(place: Pick<FrontPlace, 'port'>): readonly string[]
  /** It writes an X-Request-Id of its own. */
  readonly hasId?: true
  /** What the gateway's settings need for it, behind `trusted_proxies`. */
  readonly gateway?: string
}
