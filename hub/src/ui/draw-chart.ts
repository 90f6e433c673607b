// How uPlot draws figures over time.

import UPlot from 'uplot'

export interface Layer {
  readonly label: string
  /** Name of a custom property with its colour. */
  readonly color: string
  readonly values: readonly number[]
}

/** As the chart is to be. */
export interface Drawing {
  /** Seconds since the epoch. */
  readonly times: readonly number[]
  readonly layers: readonly Layer[]
  /** Areas are stacked from the ground up; lines stand for themselves. */
  readonly kind: 'area' | 'line'
  readonly height: number
  readonly choose: (fromSeconds: number, toSeconds: number) => void
}

export function drawChart(element: HTMLElement, { times, layers, kind, height, choose }: Drawing): UPlot {
  // The one at the top is drawn first, over the whole height; those below it cover it.
  const sums =
    kind === 'area' ? stacked(layers).toReversed() : layers.map(({ values }) => values).toReversed()
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
          ...(kind === 'area' && { fill: colourOf(colours[index] ?? '--accent') }),
          width: kind === 'area' ? 0 : 2,
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
