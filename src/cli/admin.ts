// The verbs over the admin API, a file a group.

import type { Command } from 'commander'
import { registerActivity } from './activity.ts'
import { clearTextWarning, readAdminAddress } from './admin-address.ts'
import { createAdminClient, type Fetch } from './admin-client.ts'
import { registerAudit } from './audit.ts'
import { registerDeny } from './deny.ts'
import { registerInstances } from './instances.ts'
import { registerClients } from './clients.ts'
import type { CliIo } from './io.ts'
import { registerKeys } from './keys.ts'
import { registerMembers } from './members.ts'
import { registerMerchants } from './merchants.ts'
import { registerOperators } from './operators.ts'
import { registerPermissions } from './permissions.ts'
import { registerRequests } from './requests.ts'
import type { Session } from './session.ts'
import { registerTokens } from './tokens.ts'
import { registerWebhooks } from './webhooks.ts'

/** What the verbs use of the world besides `io`. */
export interface AdminSurroundings {
  readonly fetch: Fetch
  /** Milliseconds since the epoch. */
  readonly now: () => number
  /** For a whole exchange; a change waits up to 5 s for all instances. */
  readonly timeoutMs: number
}

/** Adds the groups of verbs. Their failures are CliErrors, for `exitCodeOf`. */
export function registerAdminCommands(
  program: Command,
  io: CliIo,
  surroundings: Partial<AdminSurroundings> = {},
): void {
  const session = createSession(io, surroundings)
  registerMerchants(program, session)
  registerKeys(program, session)
  registerInstances(program, session)
  registerDeny(program, session)
  registerAudit(program, session)
  registerActivity(program, session)
  registerRequests(program, session)
  registerPermissions(program, session)
  registerTokens(program, session)
  registerWebhooks(program, session)
  registerClients(program, session)
  registerOperators(program, session)
  registerMembers(program, session)
}

/** What the verbs work with; the admin API is not called before a verb asks for it. */
export function createSession(io: CliIo, surroundings: Partial<AdminSurroundings>): Session {
  const { fetch = globalThis.fetch, now = Date.now, timeoutMs = 15_000 } = surroundings
  return {
    io,
    now,
    connect() {
      io.stderr(clearTextWarning(readAdminAddress(io.env)) ?? '')
      return createAdminClient({ env: io.env, fetch, timeoutMs })
    },
  }
}
