// The verbs over the admin API, a file a group.

import { setTimeout } from 'node:timers/promises'
import type { Command } from 'commander'
import { registerActivity } from './activity.ts'
import { clearTextWarning, readAdminAddress } from './admin/admin-address.ts'
import { createAdminClient, type Fetch } from './admin/admin-client.ts'
import { registerAudit } from './audit/audit.ts'
import { registerDeny } from './deny.ts'
import { registerInstances } from './instances.ts'
import { registerClients } from './clients/clients.ts'
import type { CliIo } from './io.ts'
import { registerKeys } from './keys/keys.ts'
import { registerLogin } from './people/login.ts'
import { registerMembers } from './people/members.ts'
import { registerMerchants } from './merchants/merchants.ts'
import { registerOperators } from './people/operators.ts'
import { registerPermissions } from './permissions.ts'
import { registerQuotas } from './quotas.ts'
import { registerRequests } from './requests.ts'
import type { Session } from './session.ts'
import { registerSessions } from './people/sessions.ts'
import { registerTokens } from './people/tokens.ts'
import { registerWebhooks } from './webhooks/webhooks.ts'

/** What the verbs use of the world besides `io`. */
export interface AdminSurroundings {
  readonly fetch: Fetch
  /** Milliseconds since the epoch. */
  readonly now: () => number
  /** For a whole exchange; a change waits up to 5 s for all instances. */
  readonly timeoutMs: number
  /** Resolves after so many milliseconds. */
  readonly wait: (milliseconds: number) => Promise<unknown>
}

const answerMs = 15_000

/** Adds the groups of verbs. Their failures are CliErrors, for `exitCodeOf`. */
export function registerAdminCommands(
  program: Command,
  io: CliIo,
  surroundings: Partial<AdminSurroundings> = {},
): void {
  const session = createSession(io, surroundings)
  const { fetch = globalThis.fetch, timeoutMs = answerMs, wait = setTimeout } = surroundings
  registerLogin(program, { session, fetch, timeoutMs, wait })
  registerMerchants(program, session)
  registerKeys(program, session)
  registerInstances(program, session)
  registerDeny(program, session)
  registerAudit(program, session)
  registerActivity(program, session)
  registerQuotas(program, session)
  registerRequests(program, session)
  registerPermissions(program, session)
  registerTokens(program, session)
  registerWebhooks(program, session)
  registerClients(program, session)
  registerOperators(program, session)
  registerMembers(program, session)
  registerSessions(program, session)
}

/** What the verbs work with; the admin API is not called before a verb asks for it. */
export function createSession(io: CliIo, surroundings: Partial<AdminSurroundings>): Session {
  const { fetch = globalThis.fetch, now = Date.now, timeoutMs = answerMs } = surroundings
  return {
    io,
    now,
    connect() {
      const address = readAdminAddress(io.env)
      io.stderr(clearTextWarning(address) ?? '')
      return createAdminClient({ address, fetch, timeoutMs })
    },
  }
}
