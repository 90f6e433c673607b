import { queryOptions } from '@tanstack/react-query'
import { call } from './call.ts'
import type { ApiPermissions, ApiRoute, Page } from './types.ts'

export const permissionTable = queryOptions({
  queryKey: ['permissions'],
  queryFn: ({ signal }) =>
    call<Page<ApiPermissions> & { readonly plans?: readonly string[] }>('GET', 'admin/v1/permissions', {
      query: { with: 'routes' },
      signal,
    }),
  staleTime: 60_000,
})

export const fullAccess = '*'

/** What moves money or takes it back. */
export function isRisky(permission: string): boolean {
  return /refund|void|capture|write|delete|payout|transfer/.test(permission)
}

export function isReading(permission: string): boolean {
  return /(?:^|\.)(?:read|search|list|view|get)$/.test(permission)
}

/** Routes that ask for a permission, alone or with others. */
export function routesOf(api: ApiPermissions | undefined, permission: string): readonly ApiRoute[] {
  return (api?.routes ?? []).filter(({ permissions }) => permissions.includes(permission))
}

/** Routes that a set of permissions opens. */
export function opened(api: ApiPermissions | undefined, held: ReadonlySet<string>): readonly ApiRoute[] {
  const has = (name: string): boolean => held.has(fullAccess) || held.has(name)
  return (api?.routes ?? []).filter(({ need, permissions }) =>
    need === 'public' ? false : need === 'all' ? permissions.every(has) : permissions.some(has),
  )
}

/** `transaction.read` → `transaction`: by their first word, in the table's order. */
export function groupsOf(
  permissions: ApiPermissions['permissions'],
): ReadonlyMap<string, ApiPermissions['permissions']> {
  const groups = new Map<string, { name: string; description: string }[]>()
  for (const permission of permissions) {
    const group = permission.name.includes('.') ? (permission.name.split('.')[0] ?? '') : ''
    groups.set(group, [...(groups.get(group) ?? []), permission])
  }
  return groups
}
