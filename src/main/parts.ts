// What the parts of a process are made of: what it was started with, and what stands by then.

import type { CompiledConfig } from '../config/compiled.ts'
import type { KeptFiles } from '../config/source.ts'
import type { AdminTokens } from '../control/operator.ts'
import type { Followed } from '../gateway/listener/tls.ts'
import type { LiveDecision } from '../telemetry/live.ts'
import type { Logger, LogLosses } from '../telemetry/log.ts'
import type { Metrics } from '../telemetry/metrics.ts'
import type { CertificatesInForce } from './certificates-in-force.ts'
import type { ConfigInForce, ConfigInForceDeps } from './config-in-force.ts'
import type { Core, Role } from './core.ts'
import type { DenyInForce } from './deny-in-force.ts'
import type { Descriptors } from './descriptors.ts'
import type { Drain } from './drain.ts'
import type { Live } from './live.ts'
import type { Place, Plan } from './plan.ts'
import type { PortWatch } from './port-watch.ts'
import type { ProcessSecrets } from './secrets.ts'
import type { SignOffs } from './sign-offs.ts'
import type { Tokens } from './tokens.ts'
import type { Webhooks } from './webhooks.ts'
import type { Workers } from './workers.ts'

export interface ProgramOptions {
  readonly config: CompiledConfig
  /** Where it was read from, for reloads. */
  readonly source: ConfigSource
  readonly role: Role
  /** Alone unless said. */
  readonly place?: Place
  /** Of the primary: what it keeps. */
  readonly workers?: Workers
  /** Of the primary: whether the port that the workers serve answers. */
  readonly port?: PortWatch
  /** Of a worker: how many its primary keeps. */
  readonly serving?: number
  /** Of a worker: who its primary knows it as. */
  readonly instanceId?: string
  /** Of a worker: has `take` called with what its primary was told to deny, now and whenever there is more. */
  readonly denied?: (take: (words: readonly string[]) => void) => void
  /** Of a worker: what its primary gives to all. */
  readonly ticketKeys?: Followed<Buffer> | undefined
  /** Of a worker: gives the files in force, where those on disk have faults. */
  readonly kept?: () => Promise<KeptFiles | undefined>
  /** Of a worker: resolves when its primary has ended, which has the port. */
  readonly orphaned?: Promise<void>
  /** Of a worker: hands decisions to its primary, for those who watch. */
  readonly decided?: (batch: readonly LiveDecision[]) => void
  /** Of a worker: the path by which its primary asks the gateway's port, where `gateway.health` names none. */
  readonly probe?: string
  readonly secrets: ProcessSecrets
  /** Reads files of secrets anew; returns the admin tokens. Throws where they cannot be in force. */
  readonly rereadTokens?: () => AdminTokens
  readonly log: Logger
  /** What of the log could not be written; nothing is lost unless said. */
  readonly losses?: LogLosses
  /** Told of slow steps of the start, a line each. */
  readonly tell?: (line: string) => void
}

export type ConfigSource = Pick<ConfigInForceDeps, 'file' | 'files' | 'env' | 'shadow' | 'sources' | 'fault'>

/** Of one process, once its core stands. */
export interface Parts extends ProgramOptions {
  readonly tokens: Tokens
  readonly losses: LogLosses
  readonly plan: Plan
  readonly descriptors: Descriptors
  readonly core: Core
  readonly metrics: Metrics
  readonly drain: Drain
  readonly inForce: ConfigInForce
  readonly deny: DenyInForce
  readonly certificates: CertificatesInForce | null
  readonly webhooks: Webhooks
  readonly live: Live
  /** Of instances that are gone. */
  readonly signOffs: SignOffs
}
