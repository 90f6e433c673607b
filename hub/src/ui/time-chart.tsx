// Figures over time, drawn by uPlot: stacked areas, or lines; a drag over them chooses a part. It knows nothing of what they are.

import { type RefObject, useEffect, useMemo, useRef, useState } from 'react'
import { drawChart, type Drawing, type Layer } from './draw-chart.ts'
import 'uplot/dist/uPlot.min.css'

interface TimeChartProps {
  readonly label: string
  /** Seconds since the epoch. */
  readonly times: readonly number[]
  /** Areas from the ground up. */
  readonly layers: readonly Layer[]
  readonly kind?: Drawing['kind']
  readonly height: number
  readonly choose?: ((fromSeconds: number, toSeconds: number) => void) | undefined
}

export function TimeChart({ label, times, layers, kind = 'area', height, choose }: TimeChartProps) {
  const place = useRef<HTMLDivElement>(null)
  const chosen = useRef(choose)
  chosen.current = choose
  const shown = useSteady(
    place,
    useMemo(() => ({ times, layers }), [times, layers]),
  )
  useEffect(() => {
    const element = place.current
    if (element === null) return
    const chart = drawChart(element, {
      ...shown,
      kind,
      height,
      choose: (from, to) => chosen.current?.(from, to),
    })
    const resized = new ResizeObserver(() => chart.setSize({ width: element.clientWidth, height }))
    resized.observe(element)
    const dark = matchMedia('(prefers-color-scheme: dark)')
    const redraw = (): void => chart.redraw()
    dark.addEventListener('change', redraw)
    return () => {
      dark.removeEventListener('change', redraw)
      resized.disconnect()
      chart.destroy()
    }
  }, [shown, kind, height])
  return (
    <div ref={place} role="img" aria-label={label} className="w-full overflow-hidden" style={{ height }} />
  )
}

/** What comes during a drag waits for its end: drawing anew would lose it. */
function useSteady<Data>(place: RefObject<HTMLElement | null>, latest: Data): Data {
  const [shown, setShown] = useState(latest)
  const isDragging = useRef(false)
  const waiting = useRef(latest)
  waiting.current = latest
  useEffect(() => {
    if (!isDragging.current) setShown(latest)
  }, [latest])
  useEffect(() => {
    const element = place.current
    const begin = (): void => {
      isDragging.current = true
    }
    const end = (): void => {
      if (!isDragging.current) return
      isDragging.current = false
      // After the chart has heard of it, too.
      setTimeout(() => setShown(waiting.current))
    }
    element?.addEventListener('mousedown', begin)
    document.addEventListener('mouseup', end)
    return () => {
      element?.removeEventListener('mousedown', begin)
      document.removeEventListener('mouseup', end)
    }
  }, [place])
  return shown
}
