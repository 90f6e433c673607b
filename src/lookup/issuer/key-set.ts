// The public keys of one outside issuer, kept ahead of need: fetched before the first request and again every five minutes, for
// nobody's request. While the issuer is away those from before are as good, for a day; after that nobody can tell any more.

import type { JwtSettings } from '../../config/jwt-schema.ts'
import { type IssuerKey, keysOf } from './issuer-key.ts'

export interface KeySetDeps {
  /** The body of what is published there. Rejects where it is not to be had, with an error whose message tells no secret. */
  fetch(url: string, signal: AbortSignal): Promise<string>
  /** Milliseconds, of any beginning. */
  monotonicNow(): number
  /** Told of each try: why it failed; undefined: it did not. */
  tried(issuer: string, failure: string | undefined): void
  /** `keySetTimes` unless said. */
  readonly times?: KeySetTimes
}

export interface KeySet {
  readonly issuer: string
  /** Grows with every change of the keys. */
  readonly version: number
  /** Whether the keys may be used: they were had within a day. */
  isUsable(): boolean
  /** Milliseconds since they were had; undefined: they never were. */
  ageMs(): number | undefined
  /** Those that are published; none where they may not be used. */
  keys(): readonly IssuerKey[]
  /** A token names a key that is not among them. Returns whether that says something: else they are fetched anew, as the issuer may have others by now. */
  lacks(): boolean
  /** Fetches them, and goes on doing so; resolves after the first try. Never rejects. */
  start(): Promise<void>
  stop(): void
}

export type KeySetTimes = Readonly<Record<keyof typeof keySetTimes, number>>

/** Milliseconds. */
export const keySetTimes = {
  refreshMs: 5 * 60_000,
  /** After a failure, doubled with each more. */
  retryMs: 1_000,
  usableMs: 24 * 60 * 60_000,
  /** Whoever makes keys up does not have them fetched more often; and what is younger is believed about what it lacks. */
  askedEveryMs: 10_000,
} as const

export function createKeySet({ issuer, jwksUri }: JwtSettings, deps: KeySetDeps): KeySet {
  const { fetch, monotonicNow, tried, times = keySetTimes } = deps
  const stopped = new AbortController()
  const state: {
    keys: readonly IssuerKey[]
    text: string
    hadAt: number
    version: number
    failures: number
  } = { keys: [], text: '', hadAt: Number.NEGATIVE_INFINITY, version: 0, failures: 0 }
  let askedAt = Number.NEGATIVE_INFINITY
  let timer: NodeJS.Timeout | undefined
  let asking: Promise<void> | undefined

  async function ask(): Promise<void> {
    const at = monotonicNow()
    askedAt = at
    try {
      const url = jwksUri ?? (await discover(issuer, (from) => fetch(from, stopped.signal)))
      const text = await fetch(url, stopped.signal)
      if (text !== state.text) {
        const keys = await keysOf(text)
        Object.assign(state, { keys, text, version: state.version + 1 })
      }
      Object.assign(state, { hadAt: at, failures: 0 })
      tried(issuer, undefined)
    } catch (error) {
      if (stopped.signal.aborted) return
      state.failures++
      tried(issuer, error instanceof Error ? error.message : 'unknown')
    }
  }

  function askOnce(): Promise<void> {
    clearTimeout(timer)
    asking ??= ask().finally(() => {
      asking = undefined
      if (stopped.signal.aborted) return
      timer = setTimeout(() => void askOnce(), waitAfter(state.failures, times))
      timer.unref()
    })
    return asking
  }

  const isUsable = () => monotonicNow() - state.hadAt < times.usableMs

  return {
    issuer,
    get version() {
      return state.version
    },
    isUsable,
    ageMs: () => (state.hadAt === Number.NEGATIVE_INFINITY ? undefined : monotonicNow() - state.hadAt),
    keys: () => (isUsable() ? state.keys : []),
    lacks() {
      if (monotonicNow() - state.hadAt < times.askedEveryMs) return true
      if (monotonicNow() - askedAt >= times.askedEveryMs) void askOnce()
      return false
    },
    start: askOnce,
    stop() {
      stopped.abort()
      clearTimeout(timer)
    },
  }
}

function waitAfter(failures: number, { refreshMs, retryMs }: KeySetTimes): number {
  return failures === 0 ? refreshMs : Math.min(refreshMs, retryMs * 2 ** Math.min(failures - 1, 6))
}

/** OpenID Connect Discovery 1.0 §4: where the keys are. Throws where the metadata is another issuer's, or none. */
async function discover(issuer: string, fetch: (url: string) => Promise<string>): Promise<string> {
  const text = await fetch(`${issuer.replace(/\/$/, '')}/.well-known/openid-configuration`)
  const about: Readonly<Record<string, unknown>> = { ...Object(parsed(text)) }
  // §4.3: or one issuer could speak for another.
  if (about['issuer'] !== issuer) throw new Error('its metadata names another issuer')
  const uri = about['jwks_uri']
  if (typeof uri !== 'string') throw new Error('its metadata has no jwks_uri')
  return uri
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    throw new Error('its metadata is no JSON')
  }
}
