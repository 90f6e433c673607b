// Which routes were called of late, and how often: what nobody calls may be left out of keys, or of the table.

import { useQuery } from '@tanstack/react-query'
import { activityTotals } from '../../api/activity.ts'

const dayMs = 86_400_000
const days = 30
/** As many as the API gives at once. */
const most = 200

/** By API, method and path; undefined: not known. What is not in it was not called, or hardly. */
export function useCoverage(): ((api: string, route: string) => number) | undefined {
  const toMs = Math.ceil(Date.now() / dayMs) * dayMs
  const { data } = useQuery(activityTotals('route', {}, { fromMs: toMs - days * dayMs, toMs }, most))
  if (data === undefined) return undefined
  const counts = new Map(data.data.map(({ api, route, count }) => [`${api} ${route}`, count]))
  return (api, route) => counts.get(`${api} ${route}`) ?? 0
}
