import { useMemo } from 'react'
import type { LatencyStep } from '../../api/latency.ts'
import { TimeChart } from '../../ui/time-chart.tsx'
import { words } from '../../words.ts'
import { percentileColors, percentileNames } from './percentiles.ts'

export function LatencyChart({ steps, height }: { steps: readonly LatencyStep[]; height: number }) {
  const times = useMemo(() => steps.map(({ at }) => Date.parse(at) / 1000), [steps])
  const layers = useMemo(
    () =>
      percentileNames.map((name) => ({
        label: words.latency.names[name] ?? name,
        color: percentileColors[name],
        values: steps.map(({ answer }) => answer[name]),
      })),
    [steps],
  )
  return <TimeChart kind="line" label={words.latency.chart} times={times} layers={layers} height={height} />
}
