// Runs cases against a table: what it says to each, and what no case has looked at.

import type { CompiledConfig } from '../../config/compiled.ts'
import { countAlone } from '../../decision/count-alone.ts'
import { createDecide, type Decision, upstreamNameOf } from '../../decision/decide.ts'
import type { RequestQuestion } from '../../decision/question.ts'
import type { Expectation, TableCase } from './read-cases.ts'

export interface CaseOutcome {
  readonly case: TableCase
  readonly decision: Decision
  /** What is not as expected: `what: expected …, got …`. Empty: passed. */
  readonly differences: readonly Difference[]
}

export interface Difference {
  readonly what: 'decision' | 'code' | 'route' | 'environment' | 'upstream' | 'limit'
  readonly expected: string
  readonly got: string
}

/** Decides each case. Pure. */
export function runCases(config: CompiledConfig, cases: readonly TableCase[]): CaseOutcome[] {
  const decide = createDecide(config)
  return cases.map((one) => {
    const { times } = one
    const question = { ...one, preflightFor: undefined }
    const decision = times === undefined ? decide(question) : decideOften(config, question, times)
    return { case: one, decision, differences: compare(one.expected, decision) }
  })
}

/** The last of so many at one moment, by one process that has counted nothing yet. */
function decideOften(config: CompiledConfig, question: RequestQuestion, times: number): Decision {
  const decide = createDecide(config, countAlone())
  for (let left = times; left > 1; left--) decide(question)
  return decide(question)
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
    limit: decision.limit,
  }
  const all = { ...expected, decision: wanted }
  return differenceKinds.flatMap((what) => {
    const want = all[what]
    if (want === undefined || want === got[what]) return []
    return [{ what, expected: want, got: got[what] ?? 'none' }]
  })
}

const differenceKinds = ['decision', 'code', 'route', 'environment', 'upstream', 'limit'] as const
