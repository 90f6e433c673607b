// Host and path of a request as people are shown them, in the log and in hints: as they came, cut, without a query, with
// nothing in them that a terminal, a browser or a reader of JSON could take for more than text, and without what may be a
// key, or a token of the admin API. Asked of refused requests, and of others only where the log is to name all paths. Pure.

import { commandLinePrefix, tokenPrefix } from '../../credentials/role.ts'

/** Longest text that comes out, in bytes; all of it is ASCII. */
export const mostSeenBytes = 256

const cutMark = '...'

/** A host or path, cut, with keys masked and whatever is not plain as `\x3c`. `prefixes`: how keys begin. */
export function asSeen(text: string, prefixes: readonly string[]): string {
  const masked = maskKeys(text.slice(0, mostSeenBytes + 1), prefixes)
  const seen = masked.replace(unplain, (character) => `\\x${hexOf(character)}`)
  return seen.length <= mostSeenBytes && text.length <= mostSeenBytes ? seen : cut(seen)
}

function cut(seen: string): string {
  const start = seen.slice(0, mostSeenBytes - cutMark.length)
  // Not in the midst of an escape.
  return start.replace(/\\(?:x[0-9a-f]?)?$/, '') + cutMark
}

/**
 * The path of a request target as it came; undefined: the target is none. It ends before what is, or stands for, a query,
 * a fragment or parameters: keys are put there. Where more of a path was cut off than a query, three dots say so.
 */
export function pathAsSeen(target: string, prefixes: readonly string[]): string | undefined {
  if (!target.startsWith('/')) return undefined
  const beginning = target.slice(0, 2 * mostSeenBytes)
  const end = beginning.search(queryStart)
  if (end === -1) return asSeen(beginning, prefixes)
  const seen = asSeen(beginning.slice(0, end), prefixes)
  return beginning[end] === '?' || seen.endsWith(cutMark) ? seen : cut(seen)
}

/** Also as an escape, and as an escape of that. */
const queryStart = /[?#;]|%(?:25)*(?:3f|23|3b)/i

/** `<`, `>`, quotes and backslash are none of them: the text may be shown in a page, a shell or a terminal. */
const unplain = /[^A-Za-z0-9/._~%!$()*+,:@=[\]-]/g

function hexOf(character: string): string {
  return character.charCodeAt(0).toString(16).padStart(2, '0')
}

/** Of the usual forms of keys, whoever gives them; tokens in JSON. */
const otherKeys = /([A-Za-z]{2,10}_(?:live|test)_|eyJ)[A-Za-z0-9_-]{16,}/g

function maskKeys(text: string, prefixes: readonly string[]): string {
  return text.replace(ownKeys(prefixes), '$1***').replace(otherKeys, '$1***')
}

const knownKeys = new WeakMap<readonly string[], RegExp>()

/** A prefix, each of its characters also as an escape, and what follows it that could be of a key. */
function ownKeys(prefixes: readonly string[]): RegExp {
  let known = knownKeys.get(prefixes)
  if (known === undefined) {
    const begins = [...prefixes, tokenPrefix, commandLinePrefix].map((prefix) =>
      Array.from(prefix, asPlainOrEscape).join(''),
    )
    known = new RegExp(`(${begins.join('|')})[A-Za-z0-9_%-]*`, 'gi')
    knownKeys.set(prefixes, known)
  }
  return known
}

/** Prefixes are of letters, digits, `_` and `-`. */
function asPlainOrEscape(character: string): string {
  return `(?:${character}|%(?:25)*${hexOf(character)})`
}
