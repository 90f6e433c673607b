// Ids in time order (ULID: 48 bits of milliseconds, 80 random bits, Crockford base32), with a prefix that says of
// what: `req_01J…`.

import { randomFillSync } from 'node:crypto'

const alphabet = '0123456789ABCDEFGHJKMNPQRSTVWXYZ'
/** Two digits at once: half the pieces that an id is put together from. */
const digits = Array.from(alphabet)
const pairs = digits.flatMap((first) => digits.map((second) => first + second))
/** Random bytes are drawn in blocks: one system call for 256 ids. */
const pool = Buffer.alloc(16 * 256)

/** Returns a maker of ids; `now` in milliseconds since the epoch. */
export function createIds(now: () => number): (prefix: string) => string {
  let used = pool.length
  let stampedAt = -1
  let stamp = ''

  return (prefix) => {
    const at = now()
    if (at !== stampedAt) {
      stampedAt = at
      stamp = timeDigits(at)
    }
    if (used === pool.length) {
      randomFillSync(pool)
      used = 0
    }
    let id = `${prefix}_${stamp}`
    for (const end = used + 16; used < end; used += 2)
      id += pairs[((pool[used] ?? 0) & 31) * 32 + ((pool[used + 1] ?? 0) & 31)]
    return id
  }
}

function timeDigits(milliseconds: number): string {
  let rest = milliseconds
  let digits = ''
  for (let i = 0; i < 10; i++) {
    digits = alphabet.charAt(rest % 32) + digits
    rest = Math.floor(rest / 32)
  }
  return digits
}
