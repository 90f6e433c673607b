// Runs the stages in their order. Synchronous as long as all of them are: a key in memory costs no promise.

import { type Denial, deny } from '../errors/denial.ts'
import type { Inquiry, Stage } from './inquiry.ts'

/** Runs `stages` until one refuses, then or at the end calls `done` once. What a stage throws is a refusal too. */
export function runStages<Asked extends Inquiry>(
  stages: readonly Stage<Asked>[],
  inquiry: Asked,
  done: Decided<Asked>,
): void {
  runFrom(0, { stages, inquiry, done })
}

export type Decided<Asked extends Inquiry> = (inquiry: Asked, denial: Denial | undefined) => void

interface Run<Asked extends Inquiry> {
  readonly stages: readonly Stage<Asked>[]
  readonly inquiry: Asked
  readonly done: Decided<Asked>
}

function runFrom<Asked extends Inquiry>(start: number, run: Run<Asked>): void {
  const { stages, inquiry, done } = run
  let denial: Denial | undefined
  try {
    for (let i = start; i < stages.length; i++) {
      const verdict = stages[i]?.(inquiry)
      if (verdict === undefined) continue
      if (verdict instanceof Promise) return goOnAfter(verdict, i + 1, run)
      denial = verdict
      break
    }
  } catch (error) {
    denial = failed(inquiry, error)
  }
  done(inquiry, denial)
}

function goOnAfter<Asked extends Inquiry>(
  verdict: Promise<Denial | undefined>,
  next: number,
  run: Run<Asked>,
): void {
  const { inquiry, done } = run
  verdict.then(
    (late) => (late === undefined ? runFrom(next, run) : done(inquiry, late)),
    (error: unknown) => done(inquiry, failed(inquiry, error)),
  )
}

function failed(inquiry: Inquiry, error: unknown): Denial {
  inquiry.failure = error
  return deny('INTERNAL_ERROR', 'stage_failed')
}
