// Ids in time order (ULID: 48 bits of milliseconds, 80 random bits, Crockford base32), with a prefix that says of
// what: `req_01J…`.

import { randomFillSync } from 'node:crypto'

export const idAlphabet = '0123456789ABCDEFGHJKMNPQRSTVWXYZ'
const codes = Buffer.from(idAlphabet, 'latin1')
const timeLength = 10
const randomLength = 16
/** Random bytes are drawn in blocks: one system call for so many ids. */
const idsAtOnce = 256

/** An id in the making: put together as bytes and read as one piece of text, which others then need not join. */
interface Draft {
  readonly bytes: Buffer
  /** Where the time begins, behind the prefix. */
  readonly start: number
  /** The millisecond that is written in it. */
  stampedAt: number
}

/** Returns a maker of ids; `now` in milliseconds since the epoch. */
export function createIds(now: () => number): (prefix: string) => string {
  const drafts = new Map<string, Draft>()
  const pool = Buffer.alloc(randomLength * idsAtOnce)
  let used = pool.length

  return (prefix) => {
    let draft = drafts.get(prefix)
    if (draft === undefined) drafts.set(prefix, (draft = draftOf(prefix)))
    const { bytes, start } = draft
    const at = now()
    if (at !== draft.stampedAt) {
      draft.stampedAt = at
      writeTime(bytes, start, at)
    }
    if (used === pool.length) {
      randomFillSync(pool)
      used = 0
    }
    for (let i = start + timeLength; i < bytes.length; i++) bytes[i] = codes[(pool[used++] ?? 0) & 31] ?? 0
    return bytes.toString('latin1')
  }
}

const idShape = new RegExp(`^[a-z]+_([${idAlphabet}]{${timeLength}})[${idAlphabet}]{${randomLength}}$`)

/** When an id was made, in milliseconds since the epoch; undefined: it is none of these. */
export function timeOfId(id: string): number | undefined {
  const [, time] = idShape.exec(id) ?? []
  if (time === undefined) return undefined
  let sum = 0
  for (const digit of time) sum = sum * 32 + idAlphabet.indexOf(digit)
  return sum
}

/** Prefixes are few: the program's own. */
function draftOf(prefix: string): Draft {
  const beginning = `${prefix}_`
  const bytes = Buffer.alloc(beginning.length + timeLength + randomLength, beginning, 'latin1')
  return { bytes, start: beginning.length, stampedAt: -1 }
}

/** Most significant digit first. */
function writeTime(bytes: Buffer, start: number, milliseconds: number): void {
  let rest = milliseconds
  for (let i = start + timeLength - 1; i >= start; i--) {
    bytes[i] = codes[rest % 32] ?? 0
    rest = Math.floor(rest / 32)
  }
}
