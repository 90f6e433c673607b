// One process of Latchkey: its servers over its core, from start to drain. Wires everything; decides nothing itself.

import type { Metrics } from '../telemetry/metrics.ts'
import { openControl } from './control-part.ts'
import { createDrain } from './drain.ts'
import { openGateway } from './gateway-part.ts'
import { type KeptConfig, packKept } from './kept-config.ts'
import type { Live } from './live.ts'
import { openParts } from './open-parts.ts'
import type { Parts, ProgramOptions } from './parts.ts'
import { planOf } from './plan.ts'
import { startUpkeep } from './upkeep.ts'
import { targetFigures, type UpstreamFigures } from './upstream-figures.ts'
import { refuseUnusableFiles } from './usable-files.ts'

export interface Program {
  /** null where this process has no such server. */
  readonly gatewayPort: number | null
  readonly controlPort: number | null
  readonly metrics: Metrics
  /** How its upstreams' targets stand; empty where it sends no requests. */
  upstreams(): UpstreamFigures
  /** Who this process is among the instances. */
  readonly instanceId: string
  /** The configuration in force, for another process. */
  kept(): KeptConfig
  /** Reads the configuration anew. Never rejects. */
  reload(): Promise<void>
  /** For those who watch: what is asked of a worker, and what workers have decided. */
  readonly live: Pick<Live['source'], 'want'> & Pick<Live['desk'], 'hear'>
  /** Another instance's process is gone: nobody waits for it any more. */
  dismiss(instance: string): void
  /** Finishes what is under way, then closes everything. Repeating it waits for the same end. */
  stop(): Promise<void>
  /** The same after `drain_delay`, in which balancers are told to stay away; any further call ends the delay. */
  leave(): Promise<void>
  /** The same as `stop`, while another process serves in this one's place: balancers are told nothing. */
  retire(): Promise<void>
  /** Whether it leaves, and has not begun to drain. */
  isLingering(): boolean
}

/** Starts a process; resolves when its ports are open. Throws a StartError, with nothing left running. */
export async function startProgram(options: ProgramOptions): Promise<Program> {
  const { config, role, log } = options
  refuseUnusableFiles(config.settings, role)
  const plan = planOf(role, options.place ?? 'alone')
  const drain = createDrain(log, plan.gateway ? config.settings.gateway.drainDelayMs : 0)
  try {
    const parts = await openParts(options, plan, drain)
    const gatewayPort = plan.gateway ? await openGateway(parts) : null
    if (plan.admin) startUpkeep(parts)
    const controlPort = plan.probes ? await openControl(parts) : null
    parts.inForce.watch()
    log.info({ role, gatewayPort, controlPort, instance: parts.core.instanceId }, 'ready')
    return { gatewayPort, controlPort, ...programOf(parts) }
  } catch (error) {
    await drain.run()
    throw error
  }
}

function programOf(parts: Parts): Omit<Program, 'gatewayPort' | 'controlPort'> {
  const { core, deny, drain, inForce, live, metrics, plan, signOffs, tokens } = parts
  const sources = () => [...inForce.sources(), ...[deny.source()].filter((one) => one !== null)]
  return {
    ...{ metrics, dismiss: signOffs.add, instanceId: core.instanceId },
    async reload() {
      // First: what the configuration takes from the environment may come from these files.
      tokens.reread()
      await Promise.all([deny.reload(), inForce.reload()])
    },
    upstreams: () => (plan.gateway ? targetFigures(inForce.current().upstreams) : {}),
    live: { want: live.source.want, hear: live.desk.hear },
    kept: () => packKept(inForce.current().table.sha256, sources()),
    ...{ stop: drain.run, leave: drain.leave, retire: drain.retire },
    isLingering: () => drain.isLeaving && !drain.isDraining,
  }
}
