// What Redis itself has to count with, sealed: it works the seals out in the script that counts. Two keys of a block each, over an
// inner and an outer hash, as HMAC is made of; they are of this use alone, because whoever watches what Redis is asked sees
// them. With them it can miscount, and with the cache key it could make keys valid.

import { createHash, timingSafeEqual } from 'node:crypto'

/** Inner and outer, 64 characters each: the first pair seals, all of them open. */
export type ScriptKeys = readonly [readonly [string, string], ...(readonly (readonly [string, string])[])]

/**
 * Begins a script: `close(place, text)`, `open(place, value)`, which is nil where there is none or its seal is wrong; `wrong`, how often
 * it was; and `first`, where the script's own arguments begin in ARGV.
 */
export const prelude = `
local pairsGiven = tonumber(ARGV[1])
local first = 2 + 2 * pairsGiven
local wrong = 0
local function seal(pair, place, text)
  return string.sub(redis.sha1hex(ARGV[1 + 2 * pair] .. redis.sha1hex(ARGV[2 * pair] .. place .. '\\0' .. text)), 1, 32)
end
local function close(place, text)
  return seal(1, place, text) .. text
end
local function open(place, value)
  if not value then return nil end
  local given, text = string.sub(value, 1, 32), string.sub(value, 33)
  for pair = 1, pairsGiven do
    if seal(pair, place, text) == given then return text end
  end
  wrong = wrong + 1
  return nil
end
`

/** What stands before the script's own arguments. */
export function preludeArguments(keys: ScriptKeys): (string | number)[] {
  return [keys.length, ...keys.flat()]
}

/** What a script has closed, for whoever hears of it elsewhere; undefined: nobody who has a key did. */
export function openScripted(keys: ScriptKeys, place: string, value: string): string | undefined {
  const [given, text] = [Buffer.from(value.slice(0, 32)), value.slice(32)]
  const isBy = ([inner, outer]: readonly [string, string]) => {
    const seal = Buffer.from(sha1(outer + sha1(`${inner}${place}\0${text}`)).slice(0, 32))
    return given.length === seal.length && timingSafeEqual(given, seal)
  }
  return keys.some(isBy) ? text : undefined
}

function sha1(text: string): string {
  return createHash('sha1').update(text).digest('hex')
}
