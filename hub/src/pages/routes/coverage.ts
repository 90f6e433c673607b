// Which routes were called of late, and how often: what nobody calls may be left out of keys, or of the table.

import { useQuery } from '@tanstack/react-query'
import { activityTotals } from '../../api/activity.ts'
import type { ApiRoute } from '../../api/types.ts'

const dayMs = 86_400_000
const days = 30
/** As many as the API gives at once. */
const most = 200

/** How often a route was called; undefined: not known. Of callers without a key nobody counts which routes they call. */
export type CallsOf = (api: string, route: ApiRoute) => number | undefined

/** Undefined: nothing is known yet. */
export function useCoverage(): CallsOf | undefined {
  const toMs = Math.ceil(Date.now() / dayMs) * dayMs
  const { data } = useQuery(activityTotals('route', {}, { fromMs: toMs - days * dayMs, toMs }, most))
  if (data === undefined) return undefined
  const counts = new Map(data.data.map(({ api, route, count }) => [`${api} ${route}`, count]))
  // Where there are more than the API gives at once, what is not among them may have been called.
  const others = data.data.length < most ? 0 : undefined
  return (api, { method, path, need }) =>
    need === 'public' ? undefined : (counts.get(`${api} ${method} ${path}`) ?? others)
}
