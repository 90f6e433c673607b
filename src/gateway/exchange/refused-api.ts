// Of which API a refused request is.

import type { Api } from '../../config/compiled.ts'
import type { Denial } from '../../errors/denial.ts'
import type { Access } from '../access.ts'

/** Also of a request that was refused before its host was looked at; but not where it is not certain which host it names. */
export function apiOfRefusal({ host, table, head }: Access, { code }: Denial): Api | undefined {
  if (host !== undefined) return host.api
  return code === 'BAD_REQUEST' ? undefined : table.matchHost(head.host)?.api
}
