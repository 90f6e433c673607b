// What is wrong with a configuration, and where. Faults refuse the files; warnings do not.
// A message may quote the file, never a value that came from the environment. What it quotes is escaped where it
// becomes text: here, for all who show a fault.

import { printable } from '../errors/printable.ts'

export interface Place {
  /** As given on the command line, or joined to the folder of the file that names it. */
  readonly file: string
  /** From 1. */
  readonly line: number
  /** From 1, in characters. */
  readonly column: number
}

export interface Fault extends Place {
  readonly message: string
  /** What was probably meant. */
  readonly suggestion?: string
}

/** Collects the faults and warnings of one load. */
export interface Report {
  readonly faults: Fault[]
  readonly warnings: Fault[]
  fault(place: Place, message: string, suggestion?: string): void
  warn(place: Place, message: string): void
}

/** An empty report. */
export function createReport(): Report {
  const faults: Fault[] = []
  const warnings: Fault[] = []
  return {
    faults,
    warnings,
    fault(place, message, suggestion) {
      faults.push({ ...place, message, ...(suggestion !== undefined && { suggestion }) })
    },
    warn(place, message) {
      warnings.push({ ...place, message })
    },
  }
}

/** `file:line:col  what is wrong  (did you mean …?)`, on one line, whatever stands in the file. */
export function formatFault(fault: Fault): string {
  const hint = fault.suggestion === undefined ? '' : `  (did you mean ${fault.suggestion}?)`
  return printable(`${formatPlace(fault)}  ${fault.message}${hint}`)
}

/** `file:line:col` */
export function formatPlace(place: Place): string {
  return `${place.file}:${place.line}:${place.column}`
}

/** Files in the order in which they were first named, within a file from top to bottom. */
export function sortFaults(faults: readonly Fault[], files: readonly string[]): Fault[] {
  const rank = new Map(files.map((file, index) => [file, index]))
  const last = files.length
  return faults.toSorted(
    (a, b) =>
      (rank.get(a.file) ?? last) - (rank.get(b.file) ?? last) || a.line - b.line || a.column - b.column,
  )
}
