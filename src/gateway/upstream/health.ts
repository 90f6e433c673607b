// Active checks of the targets of an upstream, by and by. A target is taken for well until checks say otherwise, and for ill
// after so many bad ones in a row.

import { performance } from 'node:perf_hooks'
import type { Upstream } from '../../config/compiled.ts'
import { checkOnce, notTried } from './health-check.ts'
import type { Target } from './target.ts'

export type HealthRules = NonNullable<Upstream['health']>

/** The first check of all comes within this, by chance: not all processes ask at once. */
const firstWithinMs = 1_000
/** From one check to the next, of the interval, at least so much and at most so much. */
const leastShare = 0.9
const mostShare = 1.1
/** An answer has to come within the interval, and within this. */
const patienceMs = 5_000

export interface HealthAsking {
  readonly rules: HealthRules
  /** Of a target: field lines, each with its CRLF. */
  readonly fieldsFor: (target: Target) => string
}

/** Checks a target until the function is called that it gives. */
export function watchHealth(target: Target, { rules, fieldsFor }: HealthAsking): () => void {
  const { path, intervalMs, healthyAfter, unhealthyAfter } = rules
  const check = {
    connect: target.connect,
    target: path,
    fields: fieldsFor(target),
    timeoutMs: Math.min(intervalMs, patienceMs),
  }
  let good = 0
  let bad = 0
  let callOff = () => {}
  let timer = setTimeout(begin, Math.random() * Math.min(intervalMs, firstWithinMs)).unref()

  function begin(): void {
    const begunAt = performance.now()
    callOff = checkOnce(check, (verdict) => {
      const share = leastShare + (mostShare - leastShare) * Math.random()
      const leftMs = intervalMs * share - (performance.now() - begunAt)
      timer = setTimeout(begin, Math.max(1, leftMs)).unref()
      if (verdict === notTried) return
      good = verdict === undefined ? good + 1 : 0
      bad = verdict === undefined ? 0 : bad + 1
      if (good >= healthyAfter) target.judge(undefined)
      else if (bad >= unhealthyAfter) target.judge(verdict)
    })
  }

  return () => {
    clearTimeout(timer)
    callOff()
  }
}
