// The middle tier, shared by all instances: readings by digest, so that a cold process need not ask Postgres for each;
// marks of what has moved, so that nobody puts an older reading back; and the news of changes. All of it is sealed, and
// nothing in it is believed longer than its last confirmation allows. Keys carry the scope (redis-scope.ts): after the
// database went back in time, older entries are simply not found.

import { type CredentialRecord, tokenSubjects } from '../credentials/record.ts'
import type { RedisCommands } from '../store/redis-connection.ts'
import type { Change } from '../store/change-table.ts'
import type { InstalledStore } from './installation.ts'
import type { CachedReading } from './memory-tier.ts'
import { parseChange, parseReading, type ScopeRecord } from './redis-format.ts'
import { placeOf, type RedisScope } from './redis-scope.ts'
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
}

export interface RedisTierDeps {
  readonly store: InstalledStore
  readonly seal: Seal
  readonly scope: RedisScope
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
const channel = 'changes'

/**
 * Keeps an entry unless what it rests on was marked as moved since it was read, a later reading is there, or Redis
 * itself has not come as far: no entry may say more than the record does, by which another history is known.
 * KEYS entry, record, marks of what it rests on; ARGV sealed entry, revision, milliseconds to live, scope.
 */
const fillScript = `
local revision = tonumber(ARGV[2])
local record = redis.call('HMGET', KEYS[2], 'g', 'r')
if record[1] ~= ARGV[4] or tonumber(record[2]) < revision then return 0 end
for _, mark in ipairs(redis.call('MGET', unpack(KEYS, 3))) do
  if mark and tonumber(mark) > revision then return 0 end
end
local before = redis.call('HGET', KEYS[1], 'r')
if before and tonumber(before) > revision then return 0 end
redis.call('HSET', KEYS[1], 'r', ARGV[2], 'v', ARGV[1])
redis.call('PEXPIRE', KEYS[1], ARGV[3])
return 1`

/** Makes the tier over the connections. */
export function createRedisTier(deps: RedisTierDeps): RedisTier {
  const { store, seal, scope } = deps
  const deadlineFor = (isLast: boolean) =>
    isLast || deps.isPostgresAway?.() === true ? aloneMs : besidePostgresMs

  function opened(place: string, sealed: string): string | undefined {
    const text = seal.open(place, sealed)
    if (text === undefined) deps.rejected()
    return text
  }

  return {
    async get(digest, isLast = false) {
      const within = scope.current()
      if (within === undefined) return undefined
      const deadlineMs = deadlineFor(isLast)
      const place = placeOf(store, within, 'c', digest)
      const sealed = await store.run((client) => client.hget(place, 'v'), deadlineMs)
      if (typeof sealed !== 'string') return undefined
      const reading = parseReading(opened(place, sealed))
      // While Postgres has never been reached the marks are all there is to tell an overtaken entry by.
      if (reading === undefined || deps.epoch() !== undefined) return reading
      return (await isMarkedPast(store, { within, reading, deadlineMs })) ? undefined : reading
    },
    fill(digest, reading) {
      const within = scope.current()
      // Of what moved before the scope began nothing is marked in it.
      if (within === undefined || deps.epoch() === undefined || reading.revision < within.base) return
      const place = placeOf(store, within, 'c', digest)
      const sealed = seal.close(place, JSON.stringify(reading))
      const names = [place, scope.place(), ...marksOf(store, within, reading.record)]
      const values = [sealed, reading.revision, deps.maxStaleLimitMs(), within.id]
      const command = (client: RedisCommands) => client.eval(fillScript, names.length, ...names, ...values)
      void store.run(command, writeDeadlineMs)
    },
    publish(epoch, change) {
      scope.mark(epoch, change)
      const name = store.at(channel)
      const message = seal.close(name, JSON.stringify({ epoch, ...change }))
      void store.tell((client) => client.publish(name, message), writeDeadlineMs)
    },
    listen(heard) {
      store.subscribe(channel, (sealed) => {
        const message = parseChange(opened(store.at(channel), sealed))
        if (message !== undefined) heard(message.epoch, message.change)
      })
    },
  }
}

/** Where it is marked that something moved on which a record rests. */
function marksOf(store: InstalledStore, within: ScopeRecord, record: CredentialRecord): string[] {
  const { keyId, merchantId, token } = record
  const ids = token === null ? [keyId] : [keyId, ...tokenSubjects(token)]
  return [...ids.map((id) => placeOf(store, within, 'k', id)), placeOf(store, within, 'm', merchantId)]
}

interface MarkQuestion {
  readonly within: ScopeRecord
  readonly reading: CachedReading
  readonly deadlineMs: number
}

/** Whether what it rests on was marked as moved since the reading; an answer that does not come counts as yes. */
async function isMarkedPast(store: InstalledStore, question: MarkQuestion): Promise<boolean> {
  const { within, reading, deadlineMs } = question
  const { record, revision } = reading
  const marks = await store.run((client) => client.mget(marksOf(store, within, record)), deadlineMs)
  return marks === undefined || marks.some((mark) => mark !== null && Number(mark) > revision)
}
