// The middle tier: what some instance has read from Postgres, for all of them; and the news of changes. All of it is
// sealed, and nothing in it is believed longer than its last confirmation allows. Keys carry the epoch: after the
// database went back in time, older entries are simply not found.

import { createHash } from 'node:crypto'
import type { RedisCommands } from '../store/redis-connection.ts'
import type { Change } from '../store/change-table.ts'
import type { RedisStore } from '../store/redis.ts'
import type { CachedReading } from './memory-tier.ts'
import { parseChange, parseEpoch, parseReading } from './redis-format.ts'
import type { Seal } from './seal.ts'

export interface RedisTier {
  /**
   * The reading of a digest; undefined: none, none that is sealed right, or Redis did not answer in time. `isLast`:
   * nobody else can be asked.
   */
  get(digest: string, isLast?: boolean): Promise<CachedReading | undefined>
  /** Offers a reading; refused where the key or merchant has moved past it. */
  fill(digest: string, reading: CachedReading): void
  /** Spreads a committed change: marks what it touches, drops its entries, tells all instances. */
  publish(epoch: string, change: Change): void
  /** Hears of changes that others made. */
  listen(heard: (epoch: string, change: Change) => void): void
  /** Keeps the epoch, for an instance that starts while Postgres is away. Said again and again: Redis may lose it. */
  keepEpoch(epoch: string): void
}

export interface RedisTierDeps {
  readonly store: RedisStore
  readonly seal: Seal
  readonly epoch: () => string | undefined
  readonly maxStaleLimitMs: () => number
  /** Whether Postgres is known to be away: then Redis is all there is, and worth a longer wait. */
  readonly isPostgresAway?: () => boolean
  /** Told of entries and messages with a wrong seal. */
  readonly rejected: () => void
}

/** A look-up waits no longer for Redis, in milliseconds, and then asks Postgres (contract 7) … */
const besidePostgresMs = 5
/** … or, where Postgres cannot be asked, fails. */
const aloneMs = 150
const writeDeadlineMs = 200
const channel = 'latchkey:changes'
const epochPlace = 'latchkey:epoch'

/**
 * Keeps an entry unless the key or merchant was marked as moved since it was read, or a later reading is there.
 * KEYS entry, key mark, merchant mark; ARGV sealed entry, revision, milliseconds to live.
 */
const fillScript = `
local revision = tonumber(ARGV[2])
for _, mark in ipairs(redis.call('MGET', KEYS[2], KEYS[3])) do
  if mark and tonumber(mark) > revision then return 0 end
end
local before = redis.call('HGET', KEYS[1], 'r')
if before and tonumber(before) > revision then return 0 end
redis.call('HSET', KEYS[1], 'r', ARGV[2], 'v', ARGV[1])
redis.call('PEXPIRE', KEYS[1], ARGV[3])
return 1`

/** Marks a move, forward only, and drops entries. KEYS mark, entries …; ARGV revision, milliseconds to live. */
const moveScript = `
local before = redis.call('GET', KEYS[1])
if not before or tonumber(before) < tonumber(ARGV[1]) then
  redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
end
for i = 2, #KEYS do redis.call('DEL', KEYS[i]) end
return 1`

/** Makes the tier over the connections. */
export function createRedisTier(deps: RedisTierDeps): RedisTier {
  const { store, seal } = deps
  let knownEpoch: string | undefined
  const deadlineFor = (isLast: boolean) =>
    isLast || deps.isPostgresAway?.() === true ? aloneMs : besidePostgresMs

  /** The epoch of the feed; before the first contact with Postgres, the one that Redis was told of. */
  async function epochOrKept(deadlineMs: number): Promise<string | undefined> {
    const epoch = deps.epoch() ?? knownEpoch
    if (epoch !== undefined) return epoch
    const sealed = await store.run((client) => client.get(epochPlace), deadlineMs)
    if (typeof sealed === 'string') knownEpoch = parseEpoch(opened(epochPlace, sealed))
    return knownEpoch
  }

  function opened(place: string, sealed: string): string | undefined {
    const text = seal.open(place, sealed)
    if (text === undefined) deps.rejected()
    return text
  }

  function fill(epoch: string, digest: string, reading: CachedReading): void {
    const place = placeOf(epoch, 'c', digest)
    const marks = [placeOf(epoch, 'k', reading.record.keyId), placeOf(epoch, 'm', reading.record.merchantId)]
    const sealed = seal.close(place, JSON.stringify(reading))
    const command = (client: RedisCommands) =>
      client.eval(fillScript, 3, place, ...marks, sealed, reading.revision, deps.maxStaleLimitMs())
    void store.run(command, writeDeadlineMs)
  }

  return {
    async get(digest, isLast = false) {
      const deadlineMs = deadlineFor(isLast)
      const epoch = await epochOrKept(deadlineMs)
      if (epoch === undefined) return undefined
      const place = placeOf(epoch, 'c', digest)
      const sealed = await store.run((client) => client.hget(place, 'v'), deadlineMs)
      if (typeof sealed !== 'string') return undefined
      const reading = parseReading(opened(place, sealed))
      // While Postgres has never been reached the marks are all there is to tell an overtaken entry by.
      if (reading === undefined || deps.epoch() !== undefined) return reading
      return (await isMarkedPast(store, { epoch, reading, deadlineMs })) ? undefined : reading
    },
    fill(digest, reading) {
      const epoch = deps.epoch()
      if (epoch !== undefined) fill(epoch, digest, reading)
    },
    publish(epoch, change) {
      const mark =
        change.keyId === null ? placeOf(epoch, 'm', change.merchantId) : placeOf(epoch, 'k', change.keyId)
      const entries = change.digests.map((digest) => placeOf(epoch, 'c', digest))
      const message = seal.close(channel, JSON.stringify({ epoch, ...change }))
      // A mark outlives every entry that it could have to stop.
      const lifeMs = deps.maxStaleLimitMs() * 2
      const command = async (client: RedisCommands) => {
        const args = [mark, ...entries, change.revision, lifeMs]
        await Promise.all([
          client.eval(moveScript, 1 + entries.length, ...args),
          client.publish(store.prefix + channel, message),
        ])
      }
      void store.tell(command, writeDeadlineMs)
    },
    listen(heard) {
      store.subscribe(channel, (sealed) => {
        const message = parseChange(opened(channel, sealed))
        if (message !== undefined) heard(message.epoch, message.change)
      })
    },
    keepEpoch(epoch) {
      const sealed = seal.close(epochPlace, JSON.stringify({ epoch }))
      void store.tell((client) => client.set(epochPlace, sealed), writeDeadlineMs)
    },
  }
}

interface MarkQuestion {
  readonly epoch: string
  readonly reading: CachedReading
  readonly deadlineMs: number
}

/** Whether key or merchant was marked as moved since the reading; an answer that does not come counts as yes. */
async function isMarkedPast(store: RedisStore, question: MarkQuestion): Promise<boolean> {
  const { epoch, reading, deadlineMs } = question
  const { record, revision } = reading
  const marks = await store.run(
    (client) => client.mget(placeOf(epoch, 'k', record.keyId), placeOf(epoch, 'm', record.merchantId)),
    deadlineMs,
  )
  return marks === undefined || marks.some((mark) => mark !== null && Number(mark) > revision)
}

/** Redis key of an entry (`c`) or of a mark (`k`, `m`). The epoch is shortened: it only has to differ. */
function placeOf(epoch: string, kind: 'c' | 'k' | 'm', id: string): string {
  return `latchkey:${createHash('sha256').update(epoch).digest('base64url').slice(0, 12)}:${kind}:${id}`
}
