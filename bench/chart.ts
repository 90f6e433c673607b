// The chart: a bar for each subject of a scenario, CPU time a request. One SVG with nothing outside itself, readable on
// a light and on a dark background.

import type { Result } from './measure.ts'
import { names } from './scenario.ts'
import { spreadOf } from './statistics.ts'

export interface ChartTexts {
  readonly title: string
  readonly subtitle: string
  /** Machine and date, below the bars. */
  readonly footer: string
}

const width = 860
const left = 216
const right = 230
const rowHeight = 30
const barHeight = 18
const top = 66

/** Draws the results that have a throughput, the cheapest first. */
export function chartOf(results: readonly Result[], { title, subtitle, footer }: ChartTexts): string {
  const rows = results
    .filter(({ throughput }) => throughput.length > 0)
    .map(({ name, throughput }) => ({
      name,
      cpu: spreadOf(throughput.map(({ cpuMicros }) => cpuMicros)),
      perSecond: spreadOf(throughput.map(({ perSecond }) => perSecond)).most,
    }))
    .toSorted((a, b) => a.cpu.least - b.cpu.least)
  const longest = Math.max(...rows.map(({ cpu }) => cpu.median), 1)
  const scale = (micros: number) => (micros / longest) * (width - left - right)
  const height = top + rows.length * rowHeight + 44
  const bars = rows.map((row, at) => barOf(row, { y: top + at * rowHeight, scale }))
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" aria-label="${escape(title)}">
<title>${escape(title)}</title>
<style>${style}</style>
<rect class="ground" width="100%" height="100%" rx="6"/>
<text class="title" x="16" y="26">${escape(title)}</text>
<text class="note" x="16" y="46">${escape(subtitle)}</text>
${bars.join('\n')}
<text class="note" x="16" y="${height - 26}">Shorter is better. The least of all rounds; the thin line ends at their median.</text>
<text class="note" x="16" y="${height - 9}">${escape(footer)}</text>
</svg>
`
}

interface Row {
  readonly name: string
  readonly cpu: { readonly median: number; readonly least: number }
  readonly perSecond: number
}

function barOf({ name, cpu, perSecond }: Row, at: { y: number; scale: (micros: number) => number }): string {
  const { y, scale } = at
  const middle = y + barHeight / 2
  const [least, median] = [round(scale(cpu.least)), round(scale(cpu.median))]
  const kind = name.startsWith(names.latchkey) ? 'own' : 'other'
  const value = `${cpu.least.toFixed(cpu.least < 10 ? 1 : 0)} µs`
  const rate = `${Math.round(perSecond).toLocaleString('en')} requests/s`
  const end = left + median
  return `<text class="name ${kind}-name" x="${left - 12}" y="${middle + 5}">${escape(name)}</text>
<rect class="${kind}" x="${left}" y="${y}" width="${least}" height="${barHeight}" rx="2"/>
<line class="spread" x1="${left + least}" x2="${end}" y1="${middle}" y2="${middle}"/>
<text class="value" x="${end + 10}" y="${middle + 5}">${value}<tspan class="note" dx="10">${rate}</tspan></text>`
}

const style = `
text { font-family: system-ui, -apple-system, "Segoe UI", Helvetica, Arial, sans-serif; font-size: 14px; fill: #24292f }
.ground { fill: #ffffff }
.title { font-size: 17px; font-weight: 600 }
.note { font-size: 12px; fill: #57606a }
.name { text-anchor: end }
.own-name { font-weight: 600 }
.value { font-weight: 600 }
tspan.note { font-weight: 400 }
.own { fill: #0969da }
.other { fill: #8c959f }
.spread { stroke: #24292f; stroke-width: 1.5 }
@media (prefers-color-scheme: dark) {
  .ground { fill: #0d1117 }
  text { fill: #e6edf3 }
  .note { fill: #9198a1 }
  .own { fill: #4493f8 }
  .other { fill: #6e7681 }
  .spread { stroke: #e6edf3 }
}
`

function round(value: number): number {
  return Math.round(value * 10) / 10
}

function escape(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
}
