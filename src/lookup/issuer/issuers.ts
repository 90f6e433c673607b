// Outside issuers: whether a token is one that an identity provider has signed for an API, and what it says. Nothing that is asked of
// an issuer is asked in a client's way: its keys are fetched ahead (key-set.ts), and what is not known then is not known.
//
// What was found right is kept by the token's digest for a minute at most, and while the keys are the same: a signature is not checked
// anew for each request. Whether its merchant may go on is not in it: that is looked up each time, as every key is.

import { LRUCache } from 'lru-cache'
import type { JwtSettings } from '../../config/jwt-schema.ts'
import { digestOf, type Secret } from '../../credentials/secret.ts'
import { checkToken } from './check-token.ts'
import type { CheckedToken, Issuers } from './checked-token.ts'
import { createKeySet, type KeySet, type KeySetDeps } from './key-set.ts'

export interface IssuersInForce extends Issuers {
  /** Takes up the issuers of these settings, and forgets others; resolves when the keys of each were tried to be had. */
  follow(settings: readonly JwtSettings[]): Promise<void>
  /** Of all that are followed. */
  keySets(): ReadonlyMap<string, KeySet>
  stop(): void
}

export interface IssuersDeps extends KeySetDeps {
  /** Milliseconds since the epoch by the database's clock. */
  now(): number
}

/** Tokens remembered of one API; some 1.5 KB each. */
const mostKept = 10_000
const keptMs = 60_000

interface Kept {
  readonly checked: CheckedToken & { readonly kind: 'right' }
  readonly atMs: number
  /** `KeySet.version` of the keys that it was checked by. */
  readonly version: number
}

/** Of the tokens of one API. */
interface State {
  /** By digest. */
  readonly kept: LRUCache<string, Kept>
  readonly checking: Map<string, Promise<CheckedToken>>
}

/** Knows no issuer yet. */
export function createIssuers(deps: IssuersDeps): IssuersInForce {
  const sets = new Map<string, KeySet>()
  const states = new WeakMap<JwtSettings, State>()

  function stateOf(settings: JwtSettings): State {
    let state = states.get(settings)
    if (state === undefined)
      states.set(settings, (state = { kept: new LRUCache({ max: mostKept }), checking: new Map() }))
    return state
  }

  async function checkAnew(settings: JwtSettings, token: Secret): Promise<CheckedToken> {
    const keys = sets.get(nameOf(settings))
    if (keys === undefined) return { kind: 'unavailable', reason: 'jwt_no_keys' }
    const { version } = keys
    const checked = await checkToken(token, { settings, keys, nowMs: deps.now() })
    if (checked.kind === 'right')
      stateOf(settings).kept.set(digestOf(token), { checked, atMs: deps.monotonicNow(), version })
    return checked
  }

  return {
    known(settings, token) {
      const kept = states.get(settings)?.kept.get(digestOf(token))
      const keys = sets.get(nameOf(settings))
      if (kept === undefined || keys === undefined || keys.version !== kept.version) return undefined
      return deps.monotonicNow() - kept.atMs < keptMs && keys.isUsable() ? kept.checked : undefined
    },
    check(settings, token) {
      const { checking } = stateOf(settings)
      const digest = digestOf(token)
      const running = checking.get(digest)
      if (running !== undefined) return running
      const made = checkAnew(settings, token).finally(() => checking.delete(digest))
      checking.set(digest, made)
      return made
    },
    async follow(all) {
      const wanted = new Map(all.map((settings) => [nameOf(settings), settings]))
      for (const [name, set] of sets) {
        if (wanted.has(name)) continue
        set.stop()
        sets.delete(name)
      }
      const made = [...wanted].filter(([name]) => !sets.has(name))
      const begun = made.map(([name, settings]) => {
        const set = createKeySet(settings, deps)
        sets.set(name, set)
        return set.start()
      })
      await Promise.all(begun)
    },
    keySets: () => sets,
    stop() {
      for (const set of sets.values()) set.stop()
    },
  }
}

/** APIs of one issuer share its keys. */
function nameOf({ issuer, jwksUri }: JwtSettings): string {
  return `${issuer} ${jwksUri ?? ''}`
}
