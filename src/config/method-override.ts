// Which POST routes could be used as another method that asks for more. Frameworks that take `_method` from query or body
// (Rack, Laravel, Symfony, Express with method-override) serve a POST as the DELETE, PUT or PATCH that it names; the gateway
// has judged the POST. docs/compatibility.md.

import { fillTemplate, freshValue } from './fresh-value.ts'
import { newlyPassing } from './requirement-change.ts'
import { createRouteMatcher, type MatchableRoute } from './matcher.ts'

const overriding: readonly string[] = ['DELETE', 'PUT', 'PATCH']

export interface WeakerPost<R> {
  readonly post: R
  /** Those of the same path that ask for something that the POST does not, in the table's order. */
  readonly others: readonly R[]
}

/**
 * POST routes of a table that somebody passes who does not pass a DELETE, PUT or PATCH of the same path. Looked for on the
 * paths of those others, their parameters filled with what is no literal: `POST /documents/search` beside
 * `DELETE /documents/{id}` is none, as nothing has `search` for its id.
 */
export function findWeakerPosts<R extends MatchableRoute & { readonly method: string }>(
  routes: readonly R[],
): WeakerPost<R>[] {
  const involved = routes.filter(({ method }) => method === 'POST' || overriding.includes(method))
  const byRoute = new Map(involved.map((entry) => [entry.route, entry]))
  const match = createRouteMatcher(involved)
  const winner = (method: string, path: string): R | undefined => {
    const found = match(method, path)
    return found.kind === 'found' ? byRoute.get(found.route) : undefined
  }
  const anyValue = freshValue(involved.map(({ route }) => route.template))
  const stronger = new Map<R, R[]>()
  for (const entry of involved) {
    if (!overriding.includes(entry.method)) continue
    const path = fillTemplate(entry.route.template, anyValue)
    const post = winner('POST', path)
    if (post === undefined || winner(entry.method, path) !== entry || !asksForLess(post, entry)) continue
    const known = stronger.get(post)
    if (known === undefined) stronger.set(post, [entry])
    else known.push(entry)
  }
  return [...stronger].map(([post, others]) => ({ post, others }))
}

function asksForLess(post: MatchableRoute, other: MatchableRoute): boolean {
  return newlyPassing(other.route.requirement, post.route.requirement).length > 0
}
