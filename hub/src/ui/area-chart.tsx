// Stacked areas over time, drawn by uPlot; a drag over them chooses a part. It knows nothing of what they are.

import { type RefObject, useEffect, useMemo, useRef, useState } from 'react'
import UPlot from 'uplot'
import 'uplot/dist/uPlot.min.css'

export interface Layer {
  readonly label: string
  /** Name of a custom property with its colour. */
  readonly color: string
  readonly values: readonly number[]
}

interface AreaChartProps {
  readonly label: string
  /** Seconds since the epoch. */
  readonly times: readonly number[]
  /** From the ground up. */
  readonly layers: readonly Layer[]
  readonly height: number
  readonly choose?: ((fromSeconds: number, toSeconds: number) => void) | undefined
}

export function AreaChart({ label, times, layers, height, choose }: AreaChartProps) {
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
    const chart = draw(element, { ...shown, height, choose: (from, to) => chosen.current?.(from, to) })
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
  }, [shown, height])
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

type Drawn = Pick<AreaChartProps, 'times' | 'layers' | 'height'> & {
  readonly choose: (fromSeconds: number, toSeconds: number) => void
}

function draw(element: HTMLElement, { times, layers, height, choose }: Drawn): UPlot {
  // The one at the top is drawn first, over the whole height; those below it cover it.
  const sums = stacked(layers).toReversed()
  const colours = layers.map(({ color }) => color).toReversed()
  const colourOf = (name: string) => () => resolved(element, name)
  return new UPlot(
    {
      width: element.clientWidth,
      height,
      padding: [10, 6, 0, 0],
      legend: { show: false },
      cursor: { y: false, points: { show: false }, drag: { x: true, y: false, setScale: false } },
      hooks: {
        setSelect: [
          (chart) => {
            const { left, width } = chart.select
            if (width < 8) return
            choose(chart.posToVal(left, 'x'), chart.posToVal(left + width, 'x'))
            chart.setSelect({ left: 0, width: 0, top: 0, height: 0 }, false)
          },
        ],
      },
      scales: { y: { range: (_chart, _low, high) => [0, Math.max(high * 1.08, 4)] } },
      axes: [
        {
          ...axis(colourOf),
          space: 90,
          size: height < 200 ? 26 : 42,
          values: (_chart, marks) => timeMarks(marks),
        },
        {
          ...axis(colourOf),
          size: 48,
          splits: undefinedSplits,
          values: (_chart, marks) => marks.map(shortNumber),
        },
      ],
      series: [
        {},
        ...sums.map((_, index) => ({
          stroke: colourOf(colours[index] ?? '--accent'),
          fill: colourOf(colours[index] ?? '--accent'),
          width: 0,
          points: { show: false },
        })),
      ],
    },
    [[...times], ...sums.map((values) => [...values])] as UPlot.AlignedData,
    element,
  )
}

const undefinedSplits = (_chart: UPlot, _axis: number, _low: number, high: number): number[] => {
  const size = niceStep(high / 4)
  const marks: number[] = []
  for (let value = 0; value <= high; value += size) marks.push(value)
  return marks
}

function niceStep(rough: number): number {
  const power = 10 ** Math.floor(Math.log10(Math.max(rough, 1)))
  const found = [1, 2, 5, 10].find((one) => one * power >= rough) ?? 10
  return Math.max(1, found * power)
}

const hours = new Intl.DateTimeFormat(undefined, { hour: '2-digit', minute: '2-digit' })
const days = new Intl.DateTimeFormat(undefined, { day: 'numeric', month: 'short' })

/** Hours within a day or two, else days; a new day is told where hours are. */
function timeMarks(marks: readonly number[]): string[] {
  const [first = 0, second = first] = marks
  const isByDay = second - first >= 43_200
  let before = ''
  return marks.map((mark) => {
    const date = new Date(mark * 1000)
    const day = days.format(date)
    const isNew = day !== before
    before = day
    if (isByDay) return day
    return isNew ? `${hours.format(date)}\n${day}` : hours.format(date)
  })
}

const compact = new Intl.NumberFormat(undefined, { notation: 'compact', maximumFractionDigits: 1 })
const shortNumber = (value: number): string => compact.format(value)

function axis(colourOf: (name: string) => () => string) {
  return {
    stroke: colourOf('--ink-3'),
    font: '11px Inter, system-ui, sans-serif',
    grid: { stroke: colourOf('--line'), width: 1 },
    ticks: { show: false },
    gap: 6,
  }
}

function stacked(layers: readonly Layer[]): readonly (readonly number[])[] {
  let below: readonly number[] = []
  return layers.map(({ values }) => {
    below = values.map((value, index) => value + (below[index] ?? 0))
    return below
  })
}

/** A canvas knows no `light-dark()`: the browser says what it comes to. */
function resolved(element: HTMLElement, name: string): string {
  const probe = document.createElement('span')
  probe.style.color = `var(${name})`
  element.append(probe)
  const { color } = getComputedStyle(probe)
  probe.remove()
  return color
}
