import { useQuery } from '@tanstack/react-query'
import type { ReactNode } from 'react'
import { activityTotals, type Range, type Total } from '../../api/activity.ts'
import type { Query } from '../../api/call.ts'
import { Link } from '../../router.tsx'
import { holderPath } from '../../shell/holder.ts'
import { Section } from '../../ui/page.tsx'
import { FaultNotice, SkeletonRows } from '../../ui/states.tsx'
import { figure, words } from '../../words.ts'

interface Asked {
  readonly filter: Query
  readonly range: Range
}

interface BarsProps extends Asked {
  readonly by: 'key' | 'route' | 'outcome'
  readonly title: string
  readonly empty: string
  readonly keep?: (total: Total) => boolean
  readonly face: (total: Total) => ReactNode
}

/** Rows with a bar behind them: how much of the most. */
function Bars({ by, title, empty, keep, face, filter, range }: BarsProps) {
  const found = useQuery(activityTotals(by, filter, range))
  const rows = (found.data?.data ?? []).filter((one) => keep?.(one) ?? true)
  const most = Math.max(...rows.map(({ count }) => count), 1)
  return (
    <Section title={title}>
      <div className="card overflow-hidden text-[13px]">
        {found.isPending && <SkeletonRows rows={3} columns={2} />}
        {found.isError && !found.data && (
          <FaultNotice fault={found.error} what={words.activity.failed} again={() => void found.refetch()} />
        )}
        {found.data && rows.length === 0 && <p className="px-4 py-4 text-ink-3">{empty}</p>}
        <ol className="divide-y">
          {rows.map((one) => (
            <li key={one.key_id ?? one.outcome ?? `${one.api} ${one.route}`} className="relative px-4 py-2">
              <span
                aria-hidden="true"
                className="absolute inset-y-0 left-0 bg-accent-soft"
                style={{ width: `${(100 * one.count) / most}%`, opacity: 0.75 }}
              />
              <span className="relative flex items-center justify-between gap-4">
                <span className="min-w-0 truncate">{face(one)}</span>
                <span className="shrink-0 font-medium tabular-nums">{figure(one.count)}</span>
              </span>
            </li>
          ))}
        </ol>
      </div>
    </Section>
  )
}

export function TopReasons(asked: Asked) {
  return (
    <Bars
      {...asked}
      by="outcome"
      title={words.activity.reasons}
      empty={words.activity.noReasons}
      keep={({ outcome }) => outcome !== 'allow'}
      face={({ outcome }) => (
        <Link to={`/docs/errors/${outcome ?? ''}`} className="hover:underline">
          <code>{outcome}</code>
        </Link>
      )}
    />
  )
}

export function TopRoutes(asked: Asked) {
  return (
    <Bars
      {...asked}
      by="route"
      title={words.activity.routes}
      empty={words.activity.noUse}
      face={({ route, api }) => (
        <>
          <code>{route}</code> <span className="text-ink-3">{api}</span>
        </>
      )}
    />
  )
}

export function TopKeys(asked: Asked) {
  return (
    <Bars
      {...asked}
      by="key"
      title={words.activity.keys}
      empty={words.activity.noUse}
      face={({ key_id: id = '', name }) => (
        <Link to={holderPath(id)} className="hover:underline">
          {name ?? <code>{id}</code>}
        </Link>
      )}
    />
  )
}
