// A key in a URL ends up in logs and histories. Pure.

import { hexValue } from '../../config/request/percent-encoding.ts'

const ampersand = 0x26
const semicolon = 0x3b
const equals = 0x3d
const percent = 0x25

/**
 * Whether a query value of the target, decoded once, begins with one of the prefixes (contract 5.4). One pass that makes
 * nothing: a query may be all separators or all escapes.
 */
export function carriesKeyInQuery(prefixes: readonly string[], target: string): boolean {
  const mark = target.indexOf('?')
  if (mark === -1) return false
  let start = mark + 1
  let hasName = false
  for (let at = start; at <= target.length; at++) {
    const code = at === target.length ? ampersand : target.charCodeAt(at)
    if (code === ampersand || code === semicolon) {
      // Without a name, what stands there counts as a value.
      if (start < at && beginsWithAny(prefixes, target, start)) return true
      start = at + 1
      hasName = false
    } else if (code === equals && !hasName) {
      start = at + 1
      hasName = true
    }
  }
  return false
}

function beginsWithAny(prefixes: readonly string[], target: string, start: number): boolean {
  for (const prefix of prefixes) if (beginsWith(prefix, target, start)) return true
  return false
}

/** Percent-decoding that never fails: prefixes are ASCII and hold no separator, so codes are enough. `+` is no part of one. */
function beginsWith(prefix: string, target: string, start: number): boolean {
  let at = start
  for (let i = 0; i < prefix.length; i++) {
    let code = target.charCodeAt(at)
    at++
    if (code === percent) {
      const high = hexValue(target.charCodeAt(at))
      const low = hexValue(target.charCodeAt(at + 1))
      if (high >= 0 && low >= 0) {
        code = high * 16 + low
        at += 2
      }
    }
    if (code !== prefix.charCodeAt(i)) return false
  }
  return true
}
