// Who counts for all instances: Redis. It holds one instant for each caller under each limit, and none for those whose burst is
// all there, by a script that moves many at once. All places of an installation are of one slot, so a cluster runs it too.
//
// Times are the database's, which all instances have within milliseconds. What stands here is sealed: who can write to Redis and
// has no key can let a caller have its burst again, as who empties Redis can, and nobody wait.

import type { InstalledStore } from '../lookup/installation.ts'
import { seldomIntervalMs } from './seldom.ts'
import type { LeaseAnswer, LeaseItem, LeaseStore } from './renewals.ts'
import { openScripted, prelude, preludeArguments, type ScriptKeys } from './sealed-script.ts'

export interface LeaseStoreDeps {
  readonly store: InstalledStore
  /** Milliseconds since the epoch, by the clock that all have; undefined: not known yet, and no other one will do. */
  readonly now: () => number | undefined
  readonly keys: ScriptKeys
  /** Told of each entry and message whose seal is wrong: it is none. */
  readonly rejected: () => void
  /** Those that serve, this one included. */
  readonly instances: () => number
}

/**
 * KEYS places; ARGV now, the channel, and below what level it is told, then for each place: milliseconds between requests, burst, spent, unused, wanted, and when it is full
 * again as far as the asker knows, from now, or nothing. Returns how many seals were wrong, then for each what is granted, and when it is
 * full, from now.
 */
const script = `${prelude}
local now, channel, little = tonumber(ARGV[first]), ARGV[first + 1], tonumber(ARGV[first + 2])
local news = {}
local before = redis.call('MGET', unpack(KEYS))
local answers = { 0 }
for i = 1, #KEYS do
  local a = first + 3 + (i - 1) * 6
  local interval = tonumber(ARGV[a])
  local room = tonumber(ARGV[a + 1]) * interval
  local wanted = tonumber(ARGV[a + 4])
  local known = tonumber(ARGV[a + 5])
  local entry = open(KEYS[i], before[i])
  local was = entry and tonumber(entry) or now
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
    redis.call('SET', KEYS[i], close(KEYS[i], string.format('%.3f', at)), 'PX', math.ceil(at - now) + 1000)
  elseif before[i] and at <= now then
    redis.call('DEL', KEYS[i])
  end
  if at > was and interval >= ${seldomIntervalMs} and now + room - at < little * interval then
    news[#news + 1] = string.format('%.3f ', at) .. KEYS[i]
  end
  answers[i * 2] = granted
  answers[i * 2 + 1] = string.format('%.3f', at - now)
end
if #news > 0 then redis.pcall('PUBLISH', channel, close(channel, table.concat(news, '\\n'))) end
answers[1] = wrong
return answers`

/** Makes the store over the installation's part of Redis. */
export function createLeaseStore(deps: LeaseStoreDeps): LeaseStore {
  const { store, now, keys, rejected } = deps
  const lease: LeaseStore['lease'] = async (items, deadlineMs) => {
    const at = now()
    if (at === undefined) return undefined
    const names = items.map(({ place }) => store.at(`rate:${place}`))
    const telling = [at, store.at(channel), 2 * deps.instances() + 1]
    const values = [...preludeArguments(keys), ...telling, ...items.flatMap(argumentsOf)]
    const answer = await store.tell(
      (client) => client.eval(script, names.length, ...names, ...values),
      deadlineMs,
    )
    const { wrong, answers } = answersOf(answer, items.length)
    for (let i = 0; i < wrong; i++) rejected()
    return answers
  }
  return {
    lease,
    // By the script itself: who may read and not run it reaches nothing.
    heed(heard) {
      store.subscribe(channel, (message) => {
        const text = openScripted(keys, store.at(channel), message)
        const at = now()
        if (text === undefined) rejected()
        else if (at !== undefined) for (const line of text.split('\n')) tellOf(line, at)
      })

      function tellOf(line: string, at: number): void {
        const space = line.indexOf(' ')
        const [fullAt, name] = [Number(line.slice(0, space)), line.slice(space + 1)]
        const before = store.at('rate:')
        if (name.startsWith(before)) heard(name.slice(before.length), fullAt - at)
      }
    },
    reaches: async (deadlineMs) => store.isUp() && (await lease([nobody], deadlineMs)) !== undefined,
  }
}

const channel = 'rates'

/** Asks for nothing and leaves nothing. */
const nobody: LeaseItem = {
  place: '',
  ...{ intervalMs: 1, burst: 1, spent: 0, unused: 0, wanted: 0, fullInMs: null },
}

function argumentsOf(item: LeaseItem): (string | number)[] {
  const { intervalMs, burst, spent, unused, wanted, fullInMs } = item
  return [intervalMs, burst, spent, unused, wanted, fullInMs ?? '']
}

interface Answered {
  readonly wrong: number
  readonly answers: readonly LeaseAnswer[] | undefined
}

/** Two for each item behind the first; anything else is no answer. */
function answersOf(answer: unknown, count: number): Answered {
  const numbers = numbersOf(answer, 1 + count * 2)
  if (numbers === undefined) return { wrong: 0, answers: undefined }
  const answers = Array.from({ length: count }, (_, i) => ({
    granted: numbers[i * 2 + 1] ?? 0,
    fullInMs: numbers[i * 2 + 2] ?? 0,
  }))
  return { wrong: numbers[0] ?? 0, answers }
}

/** A script's answer, if it is so many numbers. */
export function numbersOf(answer: unknown, count: number): readonly number[] | undefined {
  if (!Array.isArray(answer) || answer.length !== count) return undefined
  const numbers = answer.map(Number)
  return numbers.every(Number.isFinite) ? numbers : undefined
}
