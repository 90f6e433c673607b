// Which rate limits and quotas a change loosens and tightens, as text.

import type { LimitChange } from '../../tables/difference/limits.ts'
import { type Cell, renderTable } from '../table.ts'

const colours = { loosened: 'red', tightened: 'yellow', changed: 'yellow' } as const

/** Nothing where none changes. */
export function limitsText(changes: readonly LimitChange[], isColoured: boolean): string {
  if (changes.length === 0) return ''
  const rows = changes.map(({ kind, api, name, before, after, parts }): Cell[] => [
    { text: kind, colour: colours[kind] },
    `${api} ${name}`,
    before ?? 'none',
    after ?? 'none',
    parts.join(', '),
  ])
  return `limits\n${renderTable(['', 'LIMIT', 'BEFORE', 'NOW', 'BY'], rows, isColoured)}\n`
}
