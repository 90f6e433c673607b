// Which form of an error a client prefers. Clients write Accept as long as they like: read in one pass, and of each range
// no more than it takes to see that it is another one.

import { trimBlanks } from './wire-text.ts'

export const problemJson = 'application/problem+json'
const plainJson = 'application/json'

/**
 * Whether an Accept header ranks `application/problem+json`, by name, above JSON; of two with the same weight the
 * one named first wins. Wildcards get plain JSON.
 */
export function prefersProblemJson(accept: string): boolean {
  // The usual one is far shorter than the name.
  if (accept.length < problemJson.length || !/problem\+json/i.test(accept)) return false
  let problem = 0
  let json = 0
  for (let from = 0; from < accept.length; ) {
    const comma = accept.indexOf(',', from)
    const end = comma === -1 ? accept.length : comma
    if (end - from >= plainJson.length) {
      const range = accept.slice(from, end)
      const semicolon = range.indexOf(';')
      const name = trimBlanks(range, 0, semicolon === -1 ? range.length : semicolon)
      if (isNamed(name, problemJson)) {
        const weight = weightOf(range)
        if (weight > json) problem = Math.max(problem, weight)
      } else if (isNamed(name, plainJson)) {
        const weight = weightOf(range)
        if (weight > problem) json = Math.max(json, weight)
      }
    }
    from = end + 1
  }
  return problem > json
}

function isNamed(name: string, lower: string): boolean {
  return name.length === lower.length && name.toLowerCase() === lower
}

/** RFC 9110 §12.4.2: the first `q` among a range's parameters; 1 without one, 0 where it is none. */
function weightOf(range: string): number {
  const text = /;[ \t]*q=([^;]*)/i.exec(range)?.[1]
  if (text === undefined) return 1
  const weight = trimBlanks(text)
  const value = /^(?:[01]|[01]?\.[0-9]+|[01]\.)$/.test(weight) ? Number(weight) : 0
  return value <= 1 ? value : 0
}
