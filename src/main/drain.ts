// The end of a process, in order: not ready any more (for a while nothing else, so that balancers get to know it), no new
// connections, requests under way finished (bounded), then everything they stood on, last opened first. The control
// server goes last of the servers, so that health is told.

import type { Logger } from '../telemetry/log.ts'
import { createServerDrain, type DrainLimits } from './drain-server.ts'

type ServerLike = Parameters<typeof createServerDrain>[0]

export interface Drain {
  /** True from the first moment of the end, unless another process takes this one's place: balancers are to stay away. */
  readonly isLeaving: boolean
  /** True from the first moment of the drain: no new connections. */
  readonly isDraining: boolean
  /** A server whose requests are waited for. Before it listens. */
  server(app: ServerLike): void
  /** The control server: closed when the others are. */
  control(app: ServerLike): void
  /** Something to close after the servers; last registered, first closed. */
  last(name: string, close: () => Promise<unknown>): void
  /** Not ready from here on; drains when the delay is over, or at the next call of anything here. */
  leave(): Promise<void>
  /** Drains at once. */
  run(): Promise<void>
  /** The same, while another process takes this one's place on the same port. */
  retire(): Promise<void>
}

/** A gateway's clients may be about to send on an idle connection; of the control plane's nobody is harmed. */
const gatewayLimits: DrainLimits = { idleMs: 2_000, cutMs: 20_000 }
const controlLimits: DrainLimits = { idleMs: 0, cutMs: 1_000 }
/** Any other step that takes longer is given up, in milliseconds. */
const stepLimitMs = 5_000
/**
 * A worker that has not ended by then is stuck, in milliseconds: after the requests, two of its steps may take all their
 * time (activity and stores, while Postgres hangs), and the rest is short.
 */
export const drainBoundMs = gatewayLimits.cutMs + 2 * stepLimitMs + 3_000

/** Makes an empty drain. `delayMs`: how long `leave` waits. */
export function createDrain(log: Logger, delayMs: number): Drain {
  const servers: (() => Promise<void>)[] = []
  const controls: (() => Promise<void>)[] = []
  const steps: { name: string; close: () => Promise<unknown> }[] = []
  let running: Promise<void> | undefined
  let endDelay = () => {}

  async function close(): Promise<void> {
    await Promise.all(servers.map((drainServer) => drainServer()))
    for (const { name, close: closeStep } of steps.toReversed()) {
      await withLimit(closeStep(), name, log)
    }
    await Promise.all(controls.map((drainServer) => drainServer()))
  }

  function delay(): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, delayMs)
      endDelay = () => {
        clearTimeout(timer)
        resolve()
      }
    })
  }

  const drain = {
    isLeaving: false,
    isDraining: false,
    server(app: ServerLike) {
      servers.push(createServerDrain(app, gatewayLimits, log))
    },
    control(app: ServerLike) {
      controls.push(createServerDrain(app, controlLimits, log))
    },
    last(name: string, closeStep: () => Promise<unknown>) {
      steps.push({ name, close: closeStep })
    },
    async leave() {
      const isFirst = !drain.isLeaving && running === undefined
      drain.isLeaving = true
      if (isFirst && delayMs > 0) await delay()
      await drain.retire()
    },
    run() {
      drain.isLeaving = true
      return drain.retire()
    },
    retire() {
      drain.isDraining = true
      endDelay()
      running ??= close()
      return running
    },
  }
  return drain
}

async function withLimit(step: Promise<unknown>, name: string, log: Logger): Promise<void> {
  let timer: NodeJS.Timeout | undefined
  const limit = new Promise((resolve) => {
    timer = setTimeout(() => resolve('late'), stepLimitMs)
  })
  const outcome = await Promise.race([
    step.catch((error: unknown) => {
      log.error(
        { step: name, reason: error instanceof Error ? error.message : 'unknown' },
        'A step of the drain failed',
      )
    }),
    limit,
  ])
  clearTimeout(timer)
  if (outcome === 'late') log.error({ step: name }, 'A step of the drain did not end in time')
}
