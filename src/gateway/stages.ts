// Runs the stages in their order. Synchronous as long as all of them are: a key in memory costs no promise.

import { type Denial, deny } from '../errors/denial.ts'
import type { Access, Stage } from './access.ts'

/** Runs `stages` until one refuses, then or at the end calls `done` once. What a stage throws is a refusal too. */
export function runStages(stages: readonly Stage[], access: Access, done: Decided): void {
  runFrom(0, { stages, access, done })
}

export type Decided = (access: Access, denial: Denial | undefined) => void

interface Run {
  readonly stages: readonly Stage[]
  readonly access: Access
  readonly done: Decided
}

function runFrom(start: number, run: Run): void {
  const { stages, access, done } = run
  let denial: Denial | undefined
  try {
    for (let i = start; i < stages.length; i++) {
      const verdict = stages[i]?.(access)
      if (verdict === undefined) continue
      if (verdict instanceof Promise) return goOnAfter(verdict, i + 1, run)
      denial = verdict
      break
    }
  } catch (error) {
    denial = failed(access, error)
  }
  done(access, denial)
}

function goOnAfter(verdict: Promise<Denial | undefined>, next: number, run: Run): void {
  const { access, done } = run
  verdict.then(
    (late) => (late === undefined ? runFrom(next, run) : done(access, late)),
    (error: unknown) => done(access, failed(access, error)),
  )
}

function failed(access: Access, error: unknown): Denial {
  access.failure = error
  return deny('INTERNAL_ERROR', 'stage_failed')
}
