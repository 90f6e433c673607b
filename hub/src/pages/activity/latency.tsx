// How long answers took: in three figures, and over time.

import { useQuery } from '@tanstack/react-query'
import { lazy, Suspense } from 'react'
import type { Range } from '../../api/activity.ts'
import type { Query } from '../../api/call.ts'
import { latencyOf, type Latency as Found, latencyStepFor, type Percentiles } from '../../api/latency.ts'
import { useUser } from '../../api/session.ts'
import { Section } from '../../ui/page.tsx'
import { FaultNotice, Skeleton } from '../../ui/states.tsx'
import { figure, words } from '../../words.ts'
import { percentileColors, percentileNames } from './percentiles.ts'

const Chart = lazy(async () => ({ default: (await import('./latency-chart.tsx')).LatencyChart }))
const height = 210
/** Fewer are no line. */
const fewest = 3

export function Latency({ filter, range }: { filter: Query; range: Range }) {
  const user = useUser()
  const isOfAll = user.kind === 'operator' && !filter['merchant_id'] && !filter['key_id']
  const found = useQuery(latencyOf(filter, range, latencyStepFor(range, isOfAll, Date.now())))
  return (
    <Section title={words.latency.title} about={words.latency.about}>
      {found.isError && found.data === undefined ? (
        <FaultNotice fault={found.error} what={words.latency.failed} again={() => void found.refetch()} />
      ) : (
        <div className="card overflow-hidden" aria-busy={found.isFetching}>
          <Figures whole={found.data?.whole} />
          {found.data?.whole.count === 0 && (
            <p className="px-5 py-4 text-[13px] text-ink-3">{words.latency.none}</p>
          )}
          {(found.isPending || (found.data?.data.length ?? 0) >= fewest) && (
            <div className="px-3 pt-3 pb-2">
              <Suspense fallback={<Skeleton className="h-[210px]" />}>
                {found.data ? (
                  <Chart steps={found.data.data} height={height} />
                ) : (
                  <Skeleton className="h-[210px]" />
                )}
              </Suspense>
            </div>
          )}
        </div>
      )}
    </Section>
  )
}

function Figures({ whole }: { whole: Found['whole'] | undefined }) {
  if (whole?.count === 0) return null
  return (
    <dl className="grid gap-px border-b bg-line sm:grid-cols-3">
      {percentileNames.map((name) => (
        <div key={name} className="bg-surface px-5 py-3.5">
          <dt className="flex items-center gap-2 text-[13px] text-ink-3">
            <span
              aria-hidden="true"
              className="size-2.5 rounded-sm"
              style={{ background: `var(${percentileColors[name]})` }}
            />
            {words.latency.names[name]}
          </dt>
          <dd className="mt-0.5" data-figure={name}>
            {whole === undefined ? (
              <Skeleton className="mt-1.5 h-5 w-24" />
            ) : (
              <Took answer={whole.answer} upstream={whole.upstream} name={name} />
            )}
          </dd>
        </div>
      ))}
    </dl>
  )
}

interface TookProps {
  readonly answer: Percentiles | null
  readonly upstream: Percentiles | null
  readonly name: keyof Percentiles
}

function Took({ answer, upstream, name }: TookProps) {
  return (
    <>
      <span className="text-[22px] leading-8 font-semibold tracking-[-0.01em] tabular-nums">
        {answer === null ? '—' : words.latency.ms(figure(rounded(answer[name])))}
      </span>
      <span className="block text-xs text-ink-3">
        {upstream !== null && words.latency.upstream(figure(rounded(upstream[name])))}
      </span>
    </>
  )
}

/** Exact to a tenth: more digits would promise more. */
function rounded(ms: number): number {
  return ms < 10 ? Math.round(ms * 10) / 10 : Math.round(ms)
}
