// Which installation this process belongs to, and its part of a Redis that several may share: each name in it begins
// with the installation, and so does each place that is sealed. Postgres says which one it is. A process that starts
// while Postgres is away asks Redis which installations were last seen under the same database URL: where that is one,
// it is ours; where there are several, nobody can tell, and Redis is not used until Postgres is back.

import type { RedisStore } from '../store/redis.ts'
import type { Logger } from '../telemetry/log.ts'
import { parseSeen } from './redis-format.ts'
import type { Seal } from './seal.ts'

/** Redis as one installation sees it: nothing is asked of it before it is known which one that is. */
export interface InstalledStore extends RedisStore {
  /** The whole name of a place. All of an installation's names fall into one slot of a cluster, for the scripts. */
  at(place: string): string
  /** The channel's name is made whole, too. */
  subscribe(channel: string, heard: (message: string) => void): void
}

export interface Installation {
  readonly store: InstalledStore
  /** Postgres has said so. */
  take(id: string): void
  /** To be called after each try to reach Postgres: says in Redis which one it is, or asks. Never rejects. */
  tend(isConfirmed: boolean): Promise<void>
}

export interface InstallationDeps {
  readonly store: RedisStore
  readonly seal: Seal
  readonly databaseUrl: string
  /** Wall-clock milliseconds. */
  readonly now: () => number
  readonly maxStaleLimitMs: () => number
  readonly log: Logger
}

const keepEveryMs = 5_000
const deadlineMs = 200
/** Installations that were not seen for so long are forgotten. */
const goneAfterMs = 7 * 24 * 60 * 60_000

/** Belongs to none yet. */
export function createInstallation(deps: InstallationDeps): Installation {
  const { seal } = deps
  let id: string | undefined
  let keptAt = Number.NEGATIVE_INFINITY
  let isTold = false
  const installed = installedStore(deps.store, () => id)
  const places = seal.namesOf(deps.databaseUrl).map((name) => `latchkey:at:${name}`)

  function take(next: string): void {
    if (next === id) return
    id = next
    keptAt = Number.NEGATIVE_INFINITY
    installed.begin()
  }

  async function keep(known: string): Promise<void> {
    const atMs = deps.now()
    if (Math.abs(atMs - keptAt) < keepEveryMs) return
    const [place = ''] = places
    const sealed = seal.close(`${place}:${known}`, JSON.stringify({ atMs }))
    const answer = await deps.store.tell(async (client) => {
      await client.hset(place, known, sealed)
      return client.pexpire(place, goneAfterMs)
    }, deadlineMs)
    if (answer !== undefined) keptAt = atMs
  }

  /** Those that were seen while what they have put into Redis may still be used. */
  async function seen(): Promise<ReadonlySet<string>> {
    const ids = new Set<string>()
    for (const place of places) {
      const entries = await deps.store.tell((client) => client.hgetall(place), deadlineMs)
      for (const [name, sealed] of Object.entries(entries ?? {})) {
        const word = parseSeen(seal.open(`${place}:${name}`, sealed))
        if (word !== undefined && word.atMs > deps.now() - deps.maxStaleLimitMs()) ids.add(name)
      }
    }
    return ids
  }

  return {
    store: installed.store,
    take,
    async tend(isConfirmed) {
      if (isConfirmed && id !== undefined) return keep(id)
      if (id !== undefined) return
      const ids = await seen()
      const [only] = ids
      if (ids.size === 1 && only !== undefined && id === undefined) take(only)
      if (ids.size > 1 && !isTold) {
        isTold = true
        deps.log.warn(
          { installations: ids.size },
          'Several installations share this Redis, LATCHKEY_CACHE_KEY and database URL: Redis is used once Postgres tells which one this is',
        )
      }
    },
  }
}

/** The part of one installation; `begin` is to be called whenever that becomes another one. */
export function installedStore(
  store: RedisStore,
  idOf: () => string | undefined,
): { readonly store: InstalledStore; begin(): void } {
  const channels: { readonly channel: string; readonly heard: (message: string) => void }[] = []
  const at = (place: string) => `{latchkey:${idOf() ?? ''}}:${place}`

  function listen({ channel, heard }: (typeof channels)[number]): void {
    const name = at(channel)
    store.subscribe(name, (message) => {
      if (at(channel) === name) heard(message)
    })
  }

  return {
    store: {
      at,
      isUp: () => idOf() !== undefined && store.isUp(),
      troubles: store.troubles,
      run: (command, limitMs) =>
        idOf() === undefined ? Promise.resolve(undefined) : store.run(command, limitMs),
      tell: (command, limitMs) =>
        idOf() === undefined ? Promise.resolve(undefined) : store.tell(command, limitMs),
      subscribe(channel, heard) {
        channels.push({ channel, heard })
        if (idOf() !== undefined) listen({ channel, heard })
      },
      close: store.close,
    },
    begin() {
      for (const one of channels) listen(one)
    },
  }
}
