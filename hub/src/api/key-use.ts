import { queryOptions } from '@tanstack/react-query'
import { call } from './call.ts'
import type { Key, Page } from './types.ts'

export interface PermissionUse {
  readonly permission: string
  readonly last_used_at: string | null
  readonly requests: number
}

/** Which of its permissions a key uses, as far back as that is kept. */
export function permissionUse(id: string) {
  return queryOptions({
    queryKey: ['permission-use', id],
    queryFn: ({ signal }) =>
      call<Page<PermissionUse>>('GET', `admin/v1/keys/${encodeURIComponent(id)}/permissions`, { signal }),
    staleTime: 60_000,
    retry: false,
  })
}

/** Those that it holds and never used, as far as that is known. */
export function unusedOf(
  { permissions }: Pick<Key, 'permissions'>,
  use: readonly PermissionUse[] | undefined,
): readonly string[] {
  if (use === undefined || permissions.includes('*')) return []
  const used = new Set(use.filter((one) => one.last_used_at !== null).map(({ permission }) => permission))
  return permissions.filter((name) => !used.has(name))
}
