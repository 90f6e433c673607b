// The keys of the authorization server itself: made when they are first needed, sealed, the same on every instance, replaced
// with an overlap in which both are published. A key that cannot be opened any more is replaced, as nothing lasts on it.

import { generateKeyPairSync, hash, randomBytes } from 'node:crypto'
import type { JWK } from 'oidc-provider'
import type { Sealing } from '../credentials/sealing.ts'
import {
  addOauthKeys,
  listOauthKeys,
  type NewOauthKey,
  type OauthKeyPurpose,
  resealOauthKey,
  type StoredOauthKey,
} from '../store/oauth/oauth-key-table.ts'
import type { Postgres, Queryable } from '../store/postgres.ts'

export interface ServerKeys {
  /** That signs, then those that have signed or will. */
  readonly signing: readonly JWK[]
  readonly cookies: readonly string[]
}

export interface RotatedKey {
  readonly id: string
  readonly usedFromMs: number
}

export interface KeyRing {
  /** As they were at most half a minute ago. Throws StoreUnavailableError where they were never read. */
  current(): Promise<ServerKeys>
  /**
   * Another key is published now, and signs a little later; the one before stays published for a day. Returns its id, and when it
   * signs (ms). `note` is done in the same transaction. Throws OutcomeUnknownError.
   */
  rotate(note: (tx: Queryable, key: RotatedKey) => Promise<void>): Promise<RotatedKey>
}

export interface KeyRingDeps {
  readonly db: Postgres
  /** Of the keys that are configured now. */
  sealing(): Sealing
  /** Milliseconds, of any beginning. */
  monotonicNow(): number
}

const freshForMs = 30_000
/** What is published is known to everybody by then: caches of clients, and of the other instances. */
const publishedBeforeSeconds = 300
const overlapSeconds = 24 * 60 * 60

export function createKeyRing({ db, sealing, monotonicNow }: KeyRingDeps): KeyRing {
  let known: { readonly keys: ServerKeys; readonly atMs: number; readonly of: string } | undefined
  let reading: Promise<ServerKeys> | undefined

  async function read(): Promise<ServerKeys> {
    let rows = await listOauthKeys(db)
    if (missing(rows, sealing()).length > 0)
      rows = await addOauthKeys(db, {
        overlapSeconds,
        make: (there) => missing(there, sealing()).map((purpose) => newKey(purpose, sealing(), 0)),
      })
    const of = hash('sha256', rows.map(({ id, isInUse }) => `${id} ${isInUse}`).join('\n'), 'hex')
    // The same object while nothing has changed: what was built of it stays.
    const keys = known?.of === of ? known.keys : openedKeys(rows, sealing())
    known = { keys, atMs: monotonicNow(), of }
    await resealAll(rows, sealing()).catch(() => undefined)
    return keys
  }

  async function resealAll(rows: readonly StoredOauthKey[], by: Sealing): Promise<void> {
    for (const { id, sealed } of rows) {
      const text = by.isByFirst(sealed) ? undefined : by.open(placeOf(id), sealed)
      if (text !== undefined)
        await resealOauthKey(db, { id, was: sealed, sealed: by.seal(placeOf(id), text) })
    }
  }

  return {
    async current() {
      if (known !== undefined && monotonicNow() - known.atMs < freshForMs) return known.keys
      reading ??= read().finally(() => {
        reading = undefined
      })
      const before = known
      try {
        return await reading
      } catch (error) {
        // What was known is as good as ever while nobody can be asked.
        if (before !== undefined) return before.keys
        throw error
      }
    },
    async rotate(note) {
      const key = newKey('sign', sealing(), publishedBeforeSeconds)
      const madeIn = (rows: readonly StoredOauthKey[]): RotatedKey => ({
        id: key.id,
        usedFromMs: rows.find(({ id }) => id === key.id)?.usedFromMs ?? 0,
      })
      const rows = await addOauthKeys(db, {
        ...{ overlapSeconds, make: () => [key] },
        besides: (tx, there) => note(tx, madeIn(there)),
      })
      known = undefined
      return madeIn(rows)
    },
  }
}

function missing(rows: readonly StoredOauthKey[], sealing: Sealing): readonly OauthKeyPurpose[] {
  const has = (wanted: OauthKeyPurpose) =>
    rows.some(
      ({ purpose, id, sealed, isInUse }) =>
        purpose === wanted && isInUse && sealing.open(placeOf(id), sealed) !== undefined,
    )
  return (['sign', 'cookie'] as const).filter((purpose) => !has(purpose))
}

function openedKeys(rows: readonly StoredOauthKey[], sealing: Sealing): ServerKeys {
  const texts = (wanted: OauthKeyPurpose) =>
    rows.flatMap(({ purpose, id, sealed }) => {
      const text = purpose === wanted ? sealing.open(placeOf(id), sealed) : undefined
      return text === undefined ? [] : [text]
    })
  return { signing: texts('sign').map((text): JWK => JSON.parse(text)), cookies: texts('cookie') }
}

function newKey(purpose: OauthKeyPurpose, sealing: Sealing, usedAfterSeconds: number): NewOauthKey {
  const id = randomBytes(12).toString('base64url')
  const text = purpose === 'sign' ? JSON.stringify(newSigningKey(id)) : randomBytes(32).toString('base64url')
  return { id, purpose, sealed: sealing.seal(placeOf(id), text), usedAfterSeconds }
}

function newSigningKey(kid: string): object {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  return { ...privateKey.export({ format: 'jwk' }), kid, use: 'sig', alg: 'ES256' }
}

function placeOf(id: string): string {
  return `oauth key ${id}`
}
