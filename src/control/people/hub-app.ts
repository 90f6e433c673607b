// What the routes for people share.

import type { AdminDeps, HubDeps } from '../dependencies.ts'
import { type Attempts, createAttempts } from './attempts.ts'
import { createPasswordWork, type PasswordWork } from './password-work.ts'
import { createSite, type Site } from './site.ts'
import { createTurns, type Turns } from './turns.ts'

/** As AdminDeps, where there is a hub. */
export type PeopleDeps = AdminDeps & { readonly hub: HubDeps }

export interface HubApp {
  readonly deps: PeopleDeps
  readonly site: Site
  readonly attempts: Attempts
  /** What is asked of Postgres before a password is compared. */
  readonly door: Turns
  readonly work: PasswordWork
}

/** argon2id at once in a process, each with 19 MiB and a thread of Node's four; and how many may wait for that. */
const bounds = { atOnce: 2, waiting: 64 }
/** The admin API asks by the same connections: attempts must not take them all. */
const doorBounds = { atOnce: 4, waiting: 256 }

export function createHubApp(deps: PeopleDeps): HubApp {
  return {
    ...{ deps, site: createSite(deps), attempts: createAttempts(deps) },
    ...{ door: createTurns(doorBounds), work: createPasswordWork(bounds) },
  }
}
