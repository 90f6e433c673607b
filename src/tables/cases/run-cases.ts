// Runs cases against a table: what it says to each, and what no case has looked at.

import type { CompiledConfig } from '../../config/compiled.ts'
import { createDecide, type Decision, upstreamNameOf } from '../../decision/decide.ts'
import type { Expectation, TableCase } from './read-cases.ts'

export interface CaseOutcome {
  readonly case: TableCase
  readonly decision: Decision
  /** What is not as expected: `what: expected …, got …`. Empty: passed. */
  readonly differences: readonly Difference[]
}

export interface Difference {
  readonly what: 'decision' | 'code' | 'route' | 'environment' | 'upstream'
  readonly expected: string
  readonly got: string
}

/** Decides each case. Pure. */
export function runCases(config: CompiledConfig, cases: readonly TableCase[]): CaseOutcome[] {
  const decide = createDecide(config)
  return cases.map((one) => {
    const decision = decide({ ...one, preflightFor: undefined })
    return { case: one, decision, differences: compare(one.expected, decision) }
  })
}

function compare(expected: Expectation, decision: Decision): Difference[] {
  const { denial, route, environment } = decision
  const isAllowed = denial === undefined
  const wanted = expected.decision ?? (expected.code === undefined ? undefined : 'deny')
  const got = {
    decision: isAllowed ? 'allow' : 'deny',
    code: denial?.code,
    route: route === undefined ? undefined : `${route.method} ${route.template}`,
    environment: environment?.name,
    upstream: upstreamNameOf(decision),
  }
  const all = { ...expected, decision: wanted }
  return differenceKinds.flatMap((what) => {
    const want = all[what]
    if (want === undefined || want === got[what]) return []
    return [{ what, expected: want, got: got[what] ?? 'none' }]
  })
}

const differenceKinds = ['decision', 'code', 'route', 'environment', 'upstream'] as const
