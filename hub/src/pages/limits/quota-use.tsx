// How much of its quotas a merchant or a key has used this month: a bar each, the nearest to its end first.

import { useInfiniteQuery } from '@tanstack/react-query'
import { type QuotaFilter, quotaUse, type QuotaUse } from '../../api/quotas.ts'
import { Link } from '../../router.tsx'
import { holderPath } from '../../shell/holder.ts'
import { Badge } from '../../ui/badge.tsx'
import { Listing } from '../../ui/listing.tsx'
import { Section } from '../../ui/page.tsx'
import { Time } from '../../ui/time.tsx'
import { figure, words } from '../../words.ts'

const text = words.limits.use

export function QuotasUsed(filter: QuotaFilter) {
  const found = useInfiniteQuery(quotaUse(filter))
  const rows = found.data?.pages.flatMap(({ data }) => data) ?? []
  const resetsAt = found.data?.pages[0]?.resets_at
  return (
    <Section
      title={text.title}
      about={
        <>
          {text.about}
          {resetsAt !== undefined && (
            <>
              {' '}
              {text.resets} <Time at={resetsAt} />.
            </>
          )}
        </>
      }
    >
      <Listing
        found={found}
        count={rows.length}
        failed={text.failed}
        rows={1}
        empty={<p className="px-4 py-4 text-[13px] text-ink-3">{text.empty}</p>}
      >
        <ul className="divide-y text-[13px]">
          {rows.map((one) => (
            <QuotaRow
              key={[one.key_id, one.api, one.environment, one.quota].join(' ')}
              one={one}
              isOfOneKey={filter.key_id !== undefined}
            />
          ))}
        </ul>
      </Listing>
    </Section>
  )
}

/** From where on it is told of. */
const nearPercent = 80

const faces = {
  plenty: 'bg-accent',
  near: 'bg-warn',
  over: 'bg-bad',
} as const

function QuotaRow({ one, isOfOneKey }: { one: QuotaUse; isOfOneKey: boolean }) {
  const state = one.percent >= 100 ? 'over' : one.percent >= nearPercent ? 'near' : 'plenty'
  const last = one.warned_at.at(-1)
  const name = text.name(one.api, one.quota, one.environment)
  return (
    <li className="flex min-h-[57px] flex-col gap-1.5 px-4 py-2.5">
      <span className="flex flex-wrap items-baseline justify-between gap-x-4 gap-y-1">
        <span className="min-w-0 break-words">
          <span className="font-medium">{name}</span>{' '}
          <span className="text-ink-3">
            {one.key_id === undefined || isOfOneKey ? (
              text.per[one.per]
            ) : (
              <Link to={holderPath(one.key_id)} className="break-all hover:underline">
                <code>{one.key_id}</code>
              </Link>
            )}
          </span>
        </span>
        <span className="text-ink-2 tabular-nums">{text.used(one.used, one.requests)}</span>
      </span>
      <span
        role="meter"
        aria-label={name}
        aria-valuemin={0}
        aria-valuemax={one.requests}
        aria-valuenow={Math.min(one.used, one.requests)}
        aria-valuetext={text.percent(one.percent)}
        className="block h-1.5 overflow-hidden rounded-full bg-sunk"
      >
        <span
          className={`block h-full rounded-full ${faces[state]}`}
          style={{ width: `${Math.min(100, one.percent)}%` }}
        />
      </span>
      <span className="flex flex-wrap items-center gap-2 text-xs text-ink-3">
        <span className="tabular-nums">{text.percent(one.percent)}</span>
        {state === 'near' && (
          <Badge tone="warn" icon="alert">
            {text.near}
          </Badge>
        )}
        {state === 'over' && (
          <Badge tone="bad" icon="stop">
            {text.over}
          </Badge>
        )}
        {last !== undefined && <span>{text.warned(one.warned_at.map(figure).join(', '))}</span>}
      </span>
    </li>
  )
}
