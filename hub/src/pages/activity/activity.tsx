import { useQuery } from '@tanstack/react-query'
import { lazy, Suspense, useMemo } from 'react'
import { activitySeries, filled, type Range, type Step, stepFor } from '../../api/activity.ts'
import type { Query } from '../../api/call.ts'
import { useUser } from '../../api/session.ts'
import { useQueryState } from '../../router.tsx'
import { EnvironmentSwitch, useEnvironment } from '../../shell/environment.tsx'
import { useMerchantId } from '../../shell/merchant.tsx'
import { Button } from '../../ui/button.tsx'
import { Select } from '../../ui/field.tsx'
import { PageHead } from '../../ui/page.tsx'
import { Empty, FaultNotice, Skeleton } from '../../ui/states.tsx'
import { exactTime, useNow } from '../../ui/time.tsx'
import { figure, words } from '../../words.ts'
import { Latency } from './latency.tsx'
import { LiveTail } from './live-tail.tsx'
import { rangeNames, rangeOf } from './range.ts'
import { TopKeys, TopReasons, TopRoutes } from './tables.tsx'

const Chart = lazy(async () => ({ default: (await import('./chart.tsx')).Chart }))
const chartHeight = 240

export function Activity() {
  const user = useUser()
  const [query, change] = useQueryState()
  const merchantId = useMerchantId()
  const environment = useEnvironment()
  const minute = Math.floor(useNow() / 60_000)
  const range = useMemo(() => rangeOf(query, minute * 60_000), [query.toString(), minute])
  const filter: Query = { merchant_id: merchantId, environment, key_id: query.get('key') }
  const isChosen = query.has('from')
  return (
    <>
      <PageHead
        title={words.activity.title}
        about={
          user.kind === 'operator' && merchantId === null ? words.activity.aboutAll : words.activity.about
        }
        beside={<EnvironmentSwitch />}
        actions={
          <>
            {isChosen && (
              <Button icon="left" onClick={() => change({ from: null, to: null })}>
                {words.activity.zoomOut}
              </Button>
            )}
            <Select
              aria-label={words.activity.range}
              className="w-44"
              value={isChosen ? 'chosen' : (query.get('range') ?? '24h')}
              onChange={(event) => change({ range: event.target.value, from: null, to: null })}
            >
              {rangeNames.map((name) => (
                <option key={name} value={name}>
                  {words.activity.ranges[name]}
                </option>
              ))}
              {isChosen && (
                <option value="chosen" disabled>
                  {words.activity.chosen}
                </option>
              )}
            </Select>
          </>
        }
      />
      <OverTime
        filter={filter}
        range={range}
        choose={(fromMs, toMs) =>
          change({ from: new Date(fromMs).toISOString(), to: new Date(toMs).toISOString() })
        }
      />
      <Latency filter={filter} range={range} />
      <div className="grid items-start gap-x-6 lg:grid-cols-2">
        <TopReasons filter={filter} range={range} />
        <TopRoutes filter={filter} range={range} />
      </div>
      <TopKeys filter={filter} range={range} />
      <LiveTail merchantId={merchantId} environment={environment} />
    </>
  )
}

interface OverTimeProps {
  readonly filter: Query
  readonly range: Range
  readonly choose: (fromMs: number, toMs: number) => void
}

function OverTime({ filter, range, choose }: OverTimeProps) {
  const step = stepFor(range, Date.now())
  const found = useQuery(activitySeries(filter, range, step))
  const steps = useMemo(() => filled(found.data?.data ?? [], range, step), [found.data, range, step])
  const sums = sumsOf(steps)
  const isEmpty = found.data !== undefined && sums.total === 0
  if (found.isError && found.data === undefined)
    return <FaultNotice fault={found.error} what={words.activity.failed} again={() => void found.refetch()} />
  return (
    <section className="card mb-6 overflow-hidden" aria-busy={found.isFetching}>
      <dl className="grid grid-cols-2 gap-px border-b bg-line sm:grid-cols-4">
        <Figure name={words.activity.total} value={sums.total} isReady={found.data !== undefined} />
        <Figure
          name={words.activity.allowed}
          value={sums.allowed}
          color="--chart-good"
          isReady={found.data !== undefined}
        />
        <Figure
          name={words.activity.refused}
          value={sums.refused}
          color="--chart-warn"
          isReady={found.data !== undefined}
        />
        <Figure
          name={words.activity.failedRequests}
          value={sums.failed}
          color="--chart-bad"
          isReady={found.data !== undefined}
        />
      </dl>
      <div className="px-3 pt-3 pb-2">
        {isEmpty ? (
          <div style={{ height: chartHeight }}>
            <Empty icon="activity" title={words.activity.noUse}>
              {words.activity.noUseAbout}
            </Empty>
          </div>
        ) : (
          <Suspense fallback={<Skeleton className="h-[240px]" />}>
            <Chart steps={steps} choose={choose} height={chartHeight} />
          </Suspense>
        )}
      </div>
      <div className="flex flex-wrap justify-between gap-2 px-4 pb-3 text-xs text-ink-3">
        <span>{words.activity.zoomHint}</span>
        <span>{words.activity.timeZone(Intl.DateTimeFormat().resolvedOptions().timeZone)}</span>
      </div>
      <StepTable steps={steps} />
    </section>
  )
}

function sumsOf(steps: readonly Step[]) {
  const sums = { allowed: 0, refused: 0, failed: 0 }
  for (const { allowed, refused, failed } of steps) {
    sums.allowed += allowed
    sums.refused += refused
    sums.failed += failed
  }
  return { ...sums, total: sums.allowed + sums.refused + sums.failed }
}

function Figure({
  name,
  value,
  color,
  isReady,
}: {
  name: string
  value: number
  color?: string
  isReady: boolean
}) {
  return (
    <div className="bg-surface px-5 py-3.5">
      <dt className="flex items-center gap-2 text-[13px] text-ink-3">
        {color && (
          <span aria-hidden="true" className="size-2.5 rounded-sm" style={{ background: `var(${color})` }} />
        )}
        {name}
      </dt>
      <dd
        className="mt-0.5 text-[22px] leading-8 font-semibold tracking-[-0.01em] tabular-nums"
        data-figure={name}
      >
        {isReady ? figure(value) : <Skeleton className="mt-1.5 h-5 w-16" />}
      </dd>
    </div>
  )
}

/** What the chart shows, for whoever does not see it. */
function StepTable({ steps }: { steps: readonly (Step & { ms: number })[] }) {
  const used = steps.filter(({ allowed, refused, failed }) => allowed + refused + failed > 0)
  if (used.length === 0) return null
  return (
    <details className="border-t px-4 py-2 text-[13px]">
      <summary className="inline-flex h-8 items-center text-ink-2 hover:text-ink">
        {words.activity.tableOf}
      </summary>
      <div className="max-h-72 overflow-auto" tabIndex={0} role="region" aria-label={words.activity.overTime}>
        <table className="w-full text-left tabular-nums">
          <thead>
            <tr className="text-xs text-ink-3">
              {[
                words.common.when,
                words.activity.allowed,
                words.activity.refused,
                words.activity.failedRequests,
              ].map((name) => (
                <th key={name} scope="col" className="py-1 pr-4 font-medium">
                  {name}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {used.toReversed().map((one) => (
              <tr key={one.ms} className="border-t">
                <td className="py-1 pr-4">{exactTime(one.at)}</td>
                <td className="pr-4">{figure(one.allowed)}</td>
                <td className="pr-4">{figure(one.refused)}</td>
                <td>{figure(one.failed)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </details>
  )
}
