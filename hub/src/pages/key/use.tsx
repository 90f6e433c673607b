// A key's last 30 days, at a glance.

import { useQuery } from '@tanstack/react-query'
import { lazy, Suspense, useMemo } from 'react'
import { activitySeries, filled } from '../../api/activity.ts'
import { Link } from '../../router.tsx'
import { Section } from '../../ui/page.tsx'
import { Skeleton } from '../../ui/states.tsx'
import { useNow } from '../../ui/time.tsx'
import { words } from '../../words.ts'

const Chart = lazy(async () => ({ default: (await import('../activity/chart.tsx')).Chart }))

const days = 30
const dayMs = 86_400_000
const height = 120

export function KeyUse({ id, title = words.key.use }: { id: string; title?: string }) {
  const today = Math.floor(useNow() / dayMs)
  const range = useMemo(() => ({ fromMs: (today - days + 1) * dayMs, toMs: (today + 1) * dayMs }), [today])
  const found = useQuery(activitySeries({ key_id: id }, range, 'day'))
  const steps = useMemo(() => filled(found.data?.data ?? [], range, 'day'), [found.data, range])
  const total = steps.reduce((sum, one) => sum + one.allowed + one.refused + one.failed, 0)
  const refused = steps.reduce((sum, one) => sum + one.refused, 0)
  if (found.isError && found.data === undefined) return null
  return (
    <Section
      title={title}
      about={found.data ? words.key.useAbout(total, refused) : words.common.loading}
      actions={
        <Link
          to={`/developers/activity?key=${id}&range=30d`}
          className="inline-flex h-8 items-center rounded-md px-1.5 text-[13px] text-accent-ink hover:underline"
        >
          {words.shell.activity}
        </Link>
      }
    >
      <div className="card px-3 pt-2 pb-1">
        <Suspense fallback={<Skeleton className="h-[120px]" />}>
          {total === 0 ? <div style={{ height }} /> : <Chart steps={steps} height={height} />}
        </Suspense>
      </div>
    </Section>
  )
}
