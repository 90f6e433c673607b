// A minute of the soak as a row of the table in docs/operations.md.

import type { Minute } from './minutes.ts'

const columns = [
  'minute',
  'sent',
  '2xx, 3xx',
  '4xx',
  '5xx',
  'unanswered',
  'lines',
  'counts',
  'uses: sent, stored',
  'wrong',
  'lost',
  'RSS, MiB',
  'live heap, MiB',
  'descriptors',
  'connections: clients, upstream',
  'loop p99, ms',
  'what happened',
]

export const tableHead = `| ${columns.join(' | ')} |\n|${'---|'.repeat(columns.length)}`

/** Counts of the minute alone; what is held at its end by the primary and each worker; the most of connections and of the loop's delay. */
export function rowOf(number: number, minute: Minute, before: Minute | undefined): string {
  const { classes, held, verdicts, sent, found } = minute
  const since = (read: (of: Minute) => number) => read(minute) - (before === undefined ? 0 : read(before))
  const wrong = (of: Minute) => of.verdicts.deadTaken + of.verdicts.goodRefused
  const each = (values: readonly number[]) => values.map((value) => value.toFixed(0)).join(', ')
  const happened = [...minute.plan.faults, ...minute.plan.lastly]
  const others = Object.entries(verdicts.others)
    .map(([kind, count]) => ({ kind, count: count - (before?.verdicts.others[kind] ?? 0) }))
    .filter(({ count }) => count > 0)
    .map(({ kind, count }) => `${count} × ${kind}`)
  const cells = [
    number,
    since((of) => of.sent.lines),
    (classes['2xx'] ?? 0) + (classes['3xx'] ?? 0),
    classes['4xx'] ?? 0,
    classes['5xx'] ?? 0,
    classes['0xx'] ?? 0,
    since((of) => of.found.lines),
    since((of) => of.found.counts),
    `${since((of) => of.sent.uses)}, ${since((of) => of.found.uses)}`,
    since(wrong),
    since((of) => of.lost),
    each(held.map((one) => one.residentMiB)),
    held.map((one) => one.heapMiB.toFixed(1)).join(', '),
    each(held.map((one) => one.descriptors)),
    `${minute.clientConnections}, ${minute.upstreamConnections}`,
    minute.loopP99Ms.toFixed(0),
    [...happened, ...others].join('; '),
  ]
  const isWhole = sent.lines === found.lines && sent.lines === found.counts && sent.uses === found.uses
  return `| ${cells.join(' | ')} |${isWhole ? '' : ` NOT THE SAME: ${JSON.stringify({ sent, found })}`}`
}
