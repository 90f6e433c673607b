// What a run has: its options, the machine, a folder, the stores, the upstream, and all that was started.

import type { Child, Children } from './children.ts'
import type { Machine } from './machine.ts'
import type { Options } from './options.ts'
import type { Stores } from './stores.ts'

/** A program that was started, and listens. */
export interface Server {
  readonly port: number
  readonly child: Child
}

export interface Bench extends Machine {
  readonly options: Options
  readonly children: Children
  /** Removed at the end. */
  readonly folder: string
  readonly stores: Stores
  readonly upstream: Server & { readonly name: string }
  /** undefined: closed loops are driven by our own program. */
  readonly wrk: string | undefined
  /** A line for whoever waits. */
  tell(line: string): void
}
