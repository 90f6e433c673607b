// Which paths two tables treat alike, so that each kind is asked about once.

import type { Route, RouteMatch, Table } from '../../config/compiled.ts'
import { judgeTarget } from '../../decision/request/target.ts'

/** Returns what names the kind of a path: by what both tables match it for each method, and how they judge it. */
export function createKinds(
  before: Table,
  after: Table,
): (path: string, matches: Iterable<readonly RouteMatch[]>) => string {
  const numbers = new Map<Route, number>()

  function nameOf(match: RouteMatch): string {
    if (match.kind !== 'found') return match.kind
    const number = numbers.get(match.route) ?? numbers.size
    numbers.set(match.route, number)
    return String(number)
  }

  return (path, matches) => {
    let kind = [before, after].map(({ escapes }) => judgeTarget(path, escapes).ok).join()
    for (const pair of matches) for (const match of pair) kind += ` ${nameOf(match)}`
    return kind
  }
}
