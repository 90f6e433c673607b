// What clients see of keys that are revoked under them: who accepted what, and when that was too late.

import type { AdminClient } from '../support/admin.ts'
import { monotonicMs, nowMs } from './clock.ts'
import { keyOfDemo } from './cluster.ts'
import type { SeenAnswer } from './load.ts'

export interface WatchedKey {
  readonly id: string
  readonly secret: string
  /** Monotonic milliseconds; infinite: not yet. */
  revokeCalledAt: number
  /** From here on no request may be accepted. */
  deadAt: number
  lastAcceptedAt: number
}

export interface Watch {
  /** Requests accepted that began after the key was dead. */
  lateAcceptances: number
  /** Refusals of keys that nobody had begun to revoke. */
  wrongRefusals: number
  /** Requests that were neither accepted nor refused, by status and code, since it was asked last. */
  takeLost(): Readonly<Record<string, number>>
  acceptances: number
  /** Port of an instance without stores: it may answer 503. */
  cutOffPort: number | undefined
  add(keys: readonly WatchedKey[]): void
  see(answer: SeenAnswer): void
}

/** Begins to watch. */
export function createWatch(): Watch {
  const bySecret = new Map<string, WatchedKey>()
  let lost: Record<string, number> = {}
  const watch: Watch = {
    lateAcceptances: 0,
    wrongRefusals: 0,
    acceptances: 0,
    cutOffPort: undefined,
    add(keys) {
      for (const key of keys) bySecret.set(key.secret, key)
    },
    takeLost() {
      const taken = lost
      lost = {}
      return taken
    },
    see({ secret, port, status, code, sentAtMs, tookMs }) {
      const key = bySecret.get(secret)
      if (key === undefined) return
      const isLive = sentAtMs + tookMs < key.revokeCalledAt
      if (status === 200) {
        watch.acceptances++
        key.lastAcceptedAt = Math.max(key.lastAcceptedAt, sentAtMs)
        if (sentAtMs > key.deadAt) watch.lateAcceptances++
      } else if (status === 401) {
        if (isLive) watch.wrongRefusals++
      } else if (status !== 503 || port !== watch.cutOffPort) {
        const kind = `${status} ${code}`
        lost[kind] = (lost[kind] ?? 0) + 1
      }
    },
  }
  return watch
}

/** Makes keys, some at a time, in force everywhere. */
export async function makeKeys(admin: AdminClient, count: number): Promise<WatchedKey[]> {
  const merchant = await admin.makeMerchant()
  const made: WatchedKey[] = []
  while (made.length < count) {
    const some = Math.min(5, count - made.length)
    made.push(...(await Promise.all(Array.from({ length: some }, () => makeKey(admin, merchant)))))
  }
  return made
}

async function makeKey(admin: AdminClient, merchant: string): Promise<WatchedKey> {
  const key = { merchant_id: merchant, environment: 'live', name: 'Test key', ...keyOfDemo }
  const { status, body } = await insist(() => admin.call('POST', '/keys?wait=all', key))
  if (status !== 201) throw new Error(`key: ${status} ${JSON.stringify(body)}`)
  return watchedKey(String(body['id']), String(body['secret']))
}

/** One that nobody has begun to revoke. */
export function watchedKey(id: string, secret: string): WatchedKey {
  const never = Number.POSITIVE_INFINITY
  return { id, secret, revokeCalledAt: never, deadAt: never, lastAcceptedAt: 0 }
}

export interface Revocation {
  /** From the call to the answer, by which it is in force everywhere, in milliseconds. */
  readonly answeredMs: number
  /** From the call to the start of the last request that was accepted, in milliseconds; 0: none was. */
  lastAcceptedMs(): number
  readonly pending: readonly { readonly instance: string; readonly dead_by: string }[]
}

/** Revokes with `?wait=all`. Throws where the answer is another than 200. */
export function revoke(key: WatchedKey, admin: AdminClient): Promise<Revocation> {
  return end(key, () => admin.call('POST', `/keys/${key.id}/revoke?wait=all`))
}

/** The same of whatever ends it, by a call that answers once all instances have applied that, or names those that have not. */
export async function end(key: WatchedKey, call: () => Promise<Called>): Promise<Revocation> {
  key.revokeCalledAt = nowMs()
  const { status, body, calledAt } = await insist(call)
  const answeredAt = nowMs()
  if (status !== 200) throw new Error(`revoke: ${status} ${JSON.stringify(body)}`)
  const pending = Array.isArray(body['pending']) ? body['pending'].map((one: unknown) => pendingOf(one)) : []
  // Where somebody is named, it is dead when the last of them must have stopped.
  const latest = Math.max(...pending.map((one) => Date.parse(one.dead_by)))
  key.deadAt = pending.length === 0 ? answeredAt : monotonicMs(latest)
  return {
    answeredMs: answeredAt - calledAt,
    lastAcceptedMs: () => Math.max(0, key.lastAcceptedAt - calledAt),
    pending,
  }
}

type Called = Awaited<ReturnType<AdminClient['call']>>

/** An overloaded machine may refuse a change, and then nothing is changed; a caller asks again. */
export async function insist(call: () => Promise<Called>): Promise<Called & { readonly calledAt: number }> {
  for (let tried = 1; ; tried++) {
    const calledAt = nowMs()
    const { status, body } = await call()
    if (status !== 503 || tried === 5) return { status, body, calledAt }
  }
}

function pendingOf(value: unknown): { instance: string; dead_by: string } {
  const { instance, dead_by } = Object(value)
  return { instance: String(instance), dead_by: String(dead_by) }
}
