import { useMemo } from 'react'
import type { Step } from '../../api/activity.ts'
import { TimeChart } from '../../ui/time-chart.tsx'
import { words } from '../../words.ts'

interface ChartProps {
  readonly steps: readonly (Step & { readonly ms: number })[]
  readonly height: number
  readonly choose?: (fromMs: number, toMs: number) => void
}

export function Chart({ steps, choose, height }: ChartProps) {
  const times = useMemo(() => steps.map(({ ms }) => ms / 1000), [steps])
  const layers = useMemo(
    () => [
      { label: words.activity.allowed, color: '--chart-good', values: steps.map(({ allowed }) => allowed) },
      { label: words.activity.refused, color: '--chart-warn', values: steps.map(({ refused }) => refused) },
      {
        label: words.activity.failedRequests,
        color: '--chart-bad',
        values: steps.map(({ failed }) => failed),
      },
    ],
    [steps],
  )
  return (
    <TimeChart
      label={words.activity.overTime}
      times={times}
      layers={layers}
      height={height}
      choose={(from, to) => choose?.(from * 1000, to * 1000)}
    />
  )
}
