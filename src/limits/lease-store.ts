// Who counts for all instances: Redis. It holds one instant for each caller under each limit, and none for those whose burst is
// all there, by a script that moves many at once. All places of an installation are of one slot, so a cluster runs it too.
//
// Times are the database's, which all instances have within milliseconds. What stands here is not sealed, as Redis itself has to
// count with it: who can write to Redis can let a caller wait, or have more than its limit.

import type { InstalledStore } from '../lookup/installation.ts'
import type { LeaseAnswer, LeaseItem, LeaseStore } from './renewals.ts'

export interface LeaseStoreDeps {
  readonly store: InstalledStore
  /** Milliseconds since the epoch, by the clock that all have; undefined: not known yet, and no other one will do. */
  readonly now: () => number | undefined
}

/**
 * KEYS places; ARGV now, then for each place: milliseconds between requests, burst, spent, unused, wanted, and when it is full
 * again as far as the asker knows, from now, or nothing. Returns for each what is granted, and when it is full, from now.
 */
const script = `
local now = tonumber(ARGV[1])
local before = redis.call('MGET', unpack(KEYS))
local answers = {}
for i = 1, #KEYS do
  local a = 2 + (i - 1) * 6
  local interval = tonumber(ARGV[a])
  local room = tonumber(ARGV[a + 1]) * interval
  local wanted = tonumber(ARGV[a + 4])
  local known = tonumber(ARGV[a + 5])
  local was = before[i] and tonumber(before[i]) or now
  local at = was
  if known and now + known > at then at = now + known end
  at = at - tonumber(ARGV[a + 3]) * interval
  if at < now then at = now end
  at = at + tonumber(ARGV[a + 2]) * interval
  local granted = math.floor((now + room - at) / interval + 0.000001)
  if granted > wanted then granted = wanted end
  if granted < 0 then granted = 0 end
  at = at + granted * interval
  if at ~= was and at > now then
    redis.call('SET', KEYS[i], string.format('%.3f', at), 'PX', math.ceil(at - now) + 1000)
  elseif before[i] and at <= now then
    redis.call('DEL', KEYS[i])
  end
  answers[i * 2 - 1] = granted
  answers[i * 2] = string.format('%.3f', at - now)
end
return answers`

/** Makes the store over the installation's part of Redis. */
export function createLeaseStore({ store, now }: LeaseStoreDeps): LeaseStore {
  const lease: LeaseStore['lease'] = async (items, deadlineMs) => {
    const at = now()
    if (at === undefined) return undefined
    const names = items.map(({ place }) => store.at(`l:${place}`))
    const values = items.flatMap(argumentsOf)
    const answer = await store.tell(
      (client) => client.eval(script, names.length, ...names, at, ...values),
      deadlineMs,
    )
    return answersOf(answer, items.length)
  }
  return {
    lease,
    // By the script itself: who may read and not run it reaches nothing.
    reaches: async (deadlineMs) => store.isUp() && (await lease([nobody], deadlineMs)) !== undefined,
  }
}

/** Asks for nothing and leaves nothing. */
const nobody: LeaseItem = {
  place: '',
  ...{ intervalMs: 1, burst: 1, spent: 0, unused: 0, wanted: 0, fullInMs: null },
}

function argumentsOf(item: LeaseItem): (string | number)[] {
  const { intervalMs, burst, spent, unused, wanted, fullInMs } = item
  return [intervalMs, burst, spent, unused, wanted, fullInMs ?? '']
}

/** Two for each item; anything else is no answer. */
function answersOf(answer: unknown, count: number): readonly LeaseAnswer[] | undefined {
  if (!Array.isArray(answer) || answer.length !== count * 2) return undefined
  const numbers = answer.map(Number)
  if (!numbers.every(Number.isFinite)) return undefined
  return Array.from({ length: count }, (_, i) => ({
    granted: numbers[i * 2] ?? 0,
    fullInMs: numbers[i * 2 + 1] ?? 0,
  }))
}
