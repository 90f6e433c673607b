// Who knows how many requests of a key or merchant all processes have under way: Redis. It holds for each of them what each process
// has told, until when that counts; who has died tells no more, and is out of it soon. One script for many at once, sealed as
// sealed-script.ts says.

import { randomBytes } from 'node:crypto'
import type { InstalledStore } from '../lookup/installation.ts'
import { numbersOf } from './lease-store.ts'
import { prelude, preludeArguments, type ScriptKeys } from './sealed-script.ts'

/** What one process has under way of a key or merchant. */
export interface Presence {
  readonly subject: string
  readonly count: number
  /** How many all may have, and how many more this process would let through. */
  readonly most: number
  readonly wanted: number
}

export interface PresenceAnswer {
  /** What the others have under way, and were granted. */
  readonly others: number
  /** Of those wanted, counted from now on. */
  readonly granted: number
}

export interface InFlightStore {
  /** Tells it for `lifeMs`; an answer for each. undefined: none came in time. Never rejects. */
  tell(told: readonly Presence[], times: PresenceTimes): Promise<readonly PresenceAnswer[] | undefined>
}

export interface PresenceTimes {
  readonly lifeMs: number
  readonly deadlineMs: number
}

export interface InFlightStoreDeps {
  readonly store: InstalledStore
  /** Milliseconds since the epoch, by the clock that all have; undefined: not known yet, and no other one will do. */
  readonly now: () => number | undefined
  readonly keys: ScriptKeys
  readonly rejected: () => void
}

/**
 * KEYS places; ARGV now, who tells, milliseconds, then for each place how many there are, may be, and are wanted. An entry is
 * `who count until;` of each process. Returns how many seals were wrong, then for each what the others have, and what is granted.
 */
const script = `${prelude}
local now, me, life = tonumber(ARGV[first]), ARGV[first + 1], tonumber(ARGV[first + 2])
local before = redis.call('MGET', unpack(KEYS))
local answers = { 0 }
for i = 1, #KEYS do
  local a = first + 3 * i
  local count, most, wanted = tonumber(ARGV[a]), tonumber(ARGV[a + 1]), tonumber(ARGV[a + 2])
  local others, last, kept = 0, 0, ''
  for who, has, till in string.gmatch(open(KEYS[i], before[i]) or '', '(%S+) (%d+) (%d+);') do
    if who ~= me and tonumber(till) > now then
      others = others + tonumber(has)
      last = math.max(last, tonumber(till))
      kept = kept .. who .. ' ' .. has .. ' ' .. till .. ';'
    end
  end
  local granted = math.max(0, math.min(wanted, most - others - count))
  if count + granted > 0 then
    local till = math.ceil(now + life)
    last = math.max(last, till)
    kept = kept .. me .. ' ' .. string.format('%d', count + granted) .. ' ' .. string.format('%d', till) .. ';'
  end
  if kept ~= '' then
    redis.call('SET', KEYS[i], close(KEYS[i], kept), 'PX', math.ceil(last - now) + 1000)
  elseif before[i] then
    redis.call('DEL', KEYS[i])
  end
  answers[2 * i] = others
  answers[2 * i + 1] = granted
end
answers[1] = wrong
return answers`

/** Makes the store of one process over the installation's part of Redis. */
export function createInFlightStore({ store, now, keys, rejected }: InFlightStoreDeps): InFlightStore {
  const me = randomBytes(9).toString('base64url')
  return {
    async tell(told, { lifeMs, deadlineMs }) {
      const at = now()
      if (at === undefined) return undefined
      const names = told.map(({ subject }) => store.at(`under-way:${subject}`))
      const counts = told.flatMap(({ count, most, wanted }) => [count, most, wanted])
      const values = [...preludeArguments(keys), at, me, lifeMs, ...counts]
      const answer = await store.tell(
        (client) => client.eval(script, names.length, ...names, ...values),
        deadlineMs,
      )
      const numbers = numbersOf(answer, 1 + 2 * told.length)
      if (numbers === undefined) return undefined
      for (let left = numbers[0] ?? 0; left > 0; left--) rejected()
      return told.map((_, i) => ({ others: numbers[2 * i + 1] ?? 0, granted: numbers[2 * i + 2] ?? 0 }))
    },
  }
}
