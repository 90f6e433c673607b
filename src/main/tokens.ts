// The admin tokens in force, which files of secrets may change without a restart.

import type { AdminTokens } from '../control/operator.ts'
import type { Logger } from '../telemetry/log.ts'
import type { ProcessSecrets } from './secrets.ts'

export interface Tokens {
  current(): AdminTokens
  /** Takes what the files say by now; what cannot be read or is no token leaves the ones before in force. */
  reread(): void
}

interface TokensDeps {
  readonly secrets: ProcessSecrets
  /** As of `ProgramOptions`. */
  readonly rereadTokens?: () => AdminTokens
  readonly log: Logger
}

export function createTokens({ secrets, rereadTokens, log }: TokensDeps): Tokens {
  let { tokens } = secrets
  return {
    current: () => tokens,
    reread() {
      try {
        tokens = rereadTokens?.() ?? tokens
      } catch (error) {
        const reason = error instanceof Error ? error.message : 'unknown'
        log.error({ reason }, 'The secrets on disk are not in force')
      }
    },
  }
}
