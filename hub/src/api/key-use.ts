import { queryOptions } from '@tanstack/react-query'
import { call } from './call.ts'
import type { Key, Page } from './types.ts'

export interface PermissionUse {
  readonly permission: string
  readonly last_used_at: string | null
  readonly requests: number
}

export type KeyUse = Page<PermissionUse> & {
  /** On routes that the table has no more: what they asked for is not known. */
  readonly unlisted_requests?: number
}

/** Which of its permissions a key uses, as far back as that is kept. */
export function permissionUse(id: string) {
  return queryOptions({
    queryKey: ['permission-use', id],
    queryFn: ({ signal }) =>
      call<KeyUse>('GET', `admin/v1/keys/${encodeURIComponent(id)}/permissions`, { signal }),
    staleTime: 60_000,
    retry: false,
  })
}

const longMs = 90 * 86_400_000

/** Those that it holds and has not used for 90 days, as far as that is known. */
export function unusedOf(
  { permissions }: Pick<Key, 'permissions'>,
  use: KeyUse | undefined,
  nowMs = Date.now(),
): readonly string[] {
  if (use === undefined || permissions.includes('*') || (use.unlisted_requests ?? 0) > 0) return []
  const used = new Set(
    use.data
      .filter(({ last_used_at: at }) => at !== null && Date.parse(at) > nowMs - longMs)
      .map(({ permission }) => permission),
  )
  return permissions.filter((name) => !used.has(name))
}
