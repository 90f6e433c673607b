// What a run of cases has shown, as text or as data.

import type { Coverage, Gap } from '../../tables/cases/coverage.ts'
import type { CaseOutcome } from '../../tables/cases/run-cases.ts'
import { printable } from '../../errors/printable.ts'
import { type Cell, renderFields, renderTable } from '../table.ts'

export interface TestRun {
  readonly outcomes: readonly CaseOutcome[]
  readonly coverage: Coverage
  /** Whether passed cases are shown too. */
  readonly isVerbose: boolean
  readonly isColoured: boolean
}

/** The members of `--json`. */
export function testJson({ outcomes, coverage }: TestRun): unknown {
  const failed = outcomes.filter(isFailed)
  return {
    ok: failed.length === 0,
    passed: outcomes.length - failed.length,
    failed: failed.length,
    cases: outcomes.map((outcome) => ({
      name: outcome.case.name,
      source: outcome.case.source,
      ok: !isFailed(outcome),
      differences: outcome.differences,
      decision: outcome.decision.denial === undefined ? 'allow' : 'deny',
      code: outcome.decision.denial?.code ?? null,
      route: outcome.decision.route?.source ?? null,
    })),
    coverage: { ...coverage, gaps: coverage.gaps.map((gap) => ({ ...gap, missing: missingText(gap) })) },
  }
}

/** Failures first to last, then the counts and what no case touches. */
export function testText(run: TestRun): string {
  const { outcomes, coverage, isVerbose, isColoured } = run
  const shown = outcomes.filter((outcome) => isVerbose || isFailed(outcome))
  const failed = outcomes.filter(isFailed).length
  const { routes, checks, gaps, untouched } = coverage
  const blocks = [
    ...shown.map((outcome) => outcomeText(outcome, isColoured)),
    `${shown.length > 0 ? '\n' : ''}${outcomes.length - failed} passed, ${failed} failed\n`,
    `coverage: ${routes.covered} of ${routes.total} routes, ${checks.covered} of ${checks.total} checks\n`,
    ...untouched.map((api) => `no case asks for the API ${printable(api)}\n`),
  ]
  if (gaps.length > 0) {
    const rows = gaps.map((gap): Cell[] => [gap.route, missingText(gap), { text: gap.source, colour: 'dim' }])
    blocks.push('\n', renderTable(['ROUTE', 'NO CASE', 'SOURCE'], rows, isColoured))
  }
  return blocks.join('')
}

function isFailed({ differences }: CaseOutcome): boolean {
  return differences.length > 0
}

function outcomeText(outcome: CaseOutcome, isColoured: boolean): string {
  const { name, source } = outcome.case
  const mark: Cell = isFailed(outcome) ? { text: '✘', colour: 'red' } : { text: '✔', colour: 'green' }
  const head = renderTable([], [[mark, name, { text: source, colour: 'dim' }]], isColoured)
  if (!isFailed(outcome)) return head
  const { denial, route } = outcome.decision
  const details = renderFields(
    [
      ...outcome.differences.map(
        ({ what, expected, got }) => [what, `expected ${expected}, got ${got}`] as const,
      ),
      ...(denial === undefined ? [] : ([['because', `${denial.code} (${denial.reason})`]] as const)),
      ...(route === undefined
        ? []
        : ([['route', `${route.method} ${route.template}  ${route.source}`]] as const)),
    ],
    isColoured,
  )
  return head + details.replace(/^/gm, '    ').trimEnd() + '\n'
}

function missingText({ kind, permission }: Gap): string {
  if (kind === 'public') return 'passes without a key'
  if (permission === undefined) return 'is refused with none of the permissions'
  return kind === 'granted' ? `is allowed with ${permission}` : `is refused for want of ${permission} alone`
}
