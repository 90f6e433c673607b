// What clients see of keys that are revoked under them: who accepted what, and when that was too late.

import type { AdminClient, MadeKey } from '../support/admin.ts'
import type { Answer } from './client.ts'
import { keyOfDemo } from './cluster.ts'

export interface WatchedKey extends MadeKey {
  /** Monotonic milliseconds; infinite: not yet. */
  revokeCalledAt: number
  /** From here on no request may be accepted. */
  deadAt: number
  lastAcceptedAt: number
}

export interface Watch {
  readonly keys: WatchedKey[]
  /** Requests accepted that began after the key was dead. */
  lateAcceptances: number
  /** Refusals of keys that nobody had begun to revoke. */
  wrongRefusals: number
  /** Live keys that were neither accepted nor refused, by status. */
  readonly lost: Record<number, number>
  acceptances: number
  see(answer: Answer, secret: string): void
  /** Secrets to ask with: live ones and dead ones. */
  secrets(): readonly string[]
}

/** Begins to watch. */
export function createWatch(): Watch {
  const bySecret = new Map<string, WatchedKey>()
  let listed: string[] = []
  const watch: Watch = {
    keys: [],
    lateAcceptances: 0,
    wrongRefusals: 0,
    lost: {},
    acceptances: 0,
    see({ status, sentAtMs, tookMs }, secret) {
      const key = bySecret.get(secret)
      if (key === undefined) return
      const isLive = sentAtMs + tookMs < key.revokeCalledAt
      if (status === 200) {
        watch.acceptances++
        key.lastAcceptedAt = Math.max(key.lastAcceptedAt, sentAtMs)
        if (sentAtMs > key.deadAt) watch.lateAcceptances++
      } else if (status === 401 && isLive) watch.wrongRefusals++
      else if (status !== 401) watch.lost[status] = (watch.lost[status] ?? 0) + 1
    },
    secrets() {
      if (listed.length !== watch.keys.length) {
        listed = watch.keys.map((key) => key.secret)
        for (const key of watch.keys) bySecret.set(key.secret, key)
      }
      return listed
    },
  }
  return watch
}

/** Makes keys, some at a time, and watches them. */
export async function addKeys(watch: Watch, admin: AdminClient, count: number): Promise<WatchedKey[]> {
  const merchant = await admin.makeMerchant()
  const made: WatchedKey[] = []
  while (made.length < count) {
    const some = Math.min(5, count - made.length)
    const keys = await Promise.all(Array.from({ length: some }, () => admin.makeKey(merchant, keyOfDemo)))
    const never = Number.POSITIVE_INFINITY
    made.push(...keys.map((key) => ({ ...key, revokeCalledAt: never, deadAt: never, lastAcceptedAt: 0 })))
  }
  watch.keys.push(...made)
  return made
}

export interface Revocation {
  /** From the call to the answer, by which it is in force everywhere, in milliseconds. */
  readonly answeredMs: number
  /** From the call to the last request that was accepted, in milliseconds; 0: none was. */
  lastAcceptedMs(): number
  readonly pending: readonly { readonly instance: string; readonly dead_by: string }[]
}

/** Revokes with `?wait=all`. Throws where the answer is another than 200. */
export async function revoke(key: WatchedKey, admin: AdminClient): Promise<Revocation> {
  key.revokeCalledAt = performance.now()
  const { status, body, calledAt } = await insist(admin, `/keys/${key.id}/revoke?wait=all`)
  const answeredAt = performance.now()
  if (status !== 200) throw new Error(`revoke: ${status} ${JSON.stringify(body)}`)
  const pending = Array.isArray(body['pending']) ? body['pending'].map((one: unknown) => pendingOf(one)) : []
  // Where somebody is named, it is dead when the last of them must have stopped.
  const latest = Math.max(...pending.map((one) => Date.parse(one.dead_by)))
  key.deadAt = pending.length === 0 ? answeredAt : latest - performance.timeOrigin
  return {
    answeredMs: answeredAt - calledAt,
    lastAcceptedMs: () => Math.max(0, key.lastAcceptedAt - calledAt),
    pending,
  }
}

/** An overloaded machine may refuse a change; a caller then asks again. */
async function insist(admin: AdminClient, path: string) {
  for (let tried = 1; ; tried++) {
    const calledAt = performance.now()
    const { status, body } = await admin.call('POST', path)
    if (status !== 503 || tried === 5) return { status, body, calledAt }
  }
}

function pendingOf(value: unknown): { instance: string; dead_by: string } {
  const { instance, dead_by } = Object(value)
  return { instance: String(instance), dead_by: String(dead_by) }
}
