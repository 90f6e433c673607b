// Faults and warnings as text for people, or as annotations that GitHub puts beside the lines.

import { type Fault, formatFault } from '../../config/fault.ts'
import { printable } from '../../errors/printable.ts'

export const formats = ['text', 'github', 'json'] as const
export type Format = (typeof formats)[number]

interface Found {
  readonly faults: readonly Fault[]
  readonly warnings: readonly Fault[]
}

/** A line each, faults first; empty when there are none. */
export function formatFaults({ faults, warnings }: Found, format: 'text' | 'github'): string {
  const lines =
    format === 'github'
      ? [
          ...faults.map((fault) => annotation('error', fault)),
          ...warnings.map((one) => annotation('warning', one)),
        ]
      : [
          ...faults.map(formatFault),
          ...warnings.map((one) => formatFault({ ...one, message: `warning: ${one.message}` })),
        ]
  return lines.map((line) => `${line}\n`).join('')
}

/** https://docs.github.com/actions/reference/workflow-commands-for-github-actions: `::error file=…,line=…,col=…::text` */
function annotation(level: 'error' | 'warning', fault: Fault): string {
  const hint = fault.suggestion === undefined ? '' : ` (did you mean ${fault.suggestion}?)`
  const place = `file=${property(fault.file)},line=${fault.line},col=${fault.column}`
  return `::${level} ${place}::${data(`${fault.message}${hint}`)}`
}

function data(text: string): string {
  return printable(text).replaceAll('%', '%25')
}

/** A name is escaped as GitHub reads it back, so that the annotation finds its file. */
function property(text: string): string {
  const escaped = text.replaceAll('%', '%25').replaceAll('\r', '%0D').replaceAll('\n', '%0A')
  return escaped.replaceAll(':', '%3A').replaceAll(',', '%2C')
}
