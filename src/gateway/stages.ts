// Runs the stages in their order. Synchronous as long as all of them are: a key in memory costs no promise.

import { type Denial, deny } from '../errors/denial.ts'
import type { Access, Stage } from './access.ts'

/** Runs `stages` until one refuses, then or at the end calls `done` once. What a stage throws is a refusal too. */
export function runStages(
  stages: readonly Stage[],
  access: Access,
  done: (denial: Denial | undefined) => void,
): void {
  runFrom(0)

  function runFrom(start: number): void {
    let denial: Denial | undefined
    try {
      for (let i = start; i < stages.length; i++) {
        const verdict = stages[i]?.(access)
        if (verdict instanceof Promise) {
          verdict.then(
            (late) => (late === undefined ? runFrom(i + 1) : done(late)),
            (error: unknown) => done(failed(access, error)),
          )
          return
        }
        if (verdict !== undefined) {
          denial = verdict
          break
        }
      }
    } catch (error) {
      denial = failed(access, error)
    }
    done(denial)
  }
}

function failed(access: Access, error: unknown): Denial {
  access.failure = error
  return deny('INTERNAL_ERROR', 'stage_failed')
}
