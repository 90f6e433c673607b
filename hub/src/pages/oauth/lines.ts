// Addresses as they are typed: one a line.

import { ApiFault } from '../../api/fault.ts'

export function linesOf(text: string): readonly string[] {
  return [...new Set(text.split(/\s+/).filter((line) => line !== ''))]
}

/** `/redirect_uris/2 is …` → the line itself, and what is wrong with it. */
export function wrongLine(fault: unknown, lines: readonly string[]): string | undefined {
  if (!(fault instanceof ApiFault)) return undefined
  const found = fault.details.find(({ path }) => path.startsWith('/redirect_uris'))
  if (found === undefined) return undefined
  const line = lines[Number(found.path.split('/')[2])]
  return `${line ?? ''} ${found.message}`.trim()
}
