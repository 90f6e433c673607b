// When there is more than this process can do, some requests are refused at once, so that the others are served and
// health and metrics stay alive. Measured by the delay of the event loop and by the requests under way.

import { monitorEventLoopDelay, performance } from 'node:perf_hooks'
import { type Denial, deny } from '../../errors/denial.ts'
import type { Access } from '../access.ts'
import { isClientBehind } from './backlog.ts'

export interface Overload {
  /** The refusal of a request that would be too many now. */
  refusal(): Denial | undefined
  enter(): void
  leave(): void
  /** Requests under way. */
  inFlight(): number
  /** Median delay of the event loop in the last window, in milliseconds. */
  delayMs(): number
  stop(): void
}

export interface OverloadLimits {
  readonly inFlight: number
  readonly eventLoopDelayMs: number
}

/** The gateway's part of a request is done, once: it was answered, or is closed. The answer may still wait for its reader. */
export function endWork(access: Access): void {
  if (!access.isUnderWay) return
  access.isUnderWay = false
  access.load.leave()
  if (access.reply.writableLength > 0 && isClientBehind(access.raw.socket))
    access.clientSince = performance.now()
}

const windowMs = 250
const resolutionMs = 10
/** One slow window is a pause (a collection, a busy neighbour); several in a row are more work than can be done. */
const windowsToRefuse = 3

/** Begins to measure. */
export function createOverload(limits: OverloadLimits): Overload {
  const histogram = monitorEventLoopDelay({ resolution: resolutionMs })
  histogram.enable()
  let inFlight = 0
  let delayMs = 0
  let windowsOver = 0
  const timer = setInterval(() => {
    // The timer's own resolution is part of what is measured. Nothing measured: the loop stood still all the time.
    delayMs = histogram.count === 0 ? windowMs : Math.max(0, histogram.percentile(50) / 1e6 - resolutionMs)
    windowsOver = delayMs > limits.eventLoopDelayMs ? windowsOver + 1 : 0
    histogram.reset()
  }, windowMs)
  timer.unref()

  return {
    refusal() {
      if (inFlight >= limits.inFlight) return deny('OVERLOADED', 'in_flight')
      return windowsOver >= windowsToRefuse ? deny('OVERLOADED', 'event_loop_delay') : undefined
    },
    enter() {
      inFlight++
    },
    leave() {
      inFlight--
    },
    inFlight: () => inFlight,
    delayMs: () => delayMs,
    stop() {
      clearInterval(timer)
      histogram.disable()
    },
  }
}
