// Brings decisions to those who watch, in whatever process they were made. Whoever has watchers says so to its own gateway and
// workers, and through Redis to the other instances, which hand theirs on for as long as they are asked to. Without Redis, or
// while it is away, a watcher sees what its own process and its workers decide. Nobody watches: nothing is sent.

import { type LiveDecision, type LiveScope, sees } from '../telemetry/live.ts'
import type { InstalledStore } from './installation.ts'
import type { Seal } from './seal.ts'

export interface LiveDesk {
  /** Has `heard` called with each decision in the scope; returns what ends that. */
  listen(scope: LiveScope, heard: (decision: LiveDecision) => void): () => void
  /** Takes what this process or one of its workers has decided. */
  hear(batch: readonly LiveDecision[]): void
  stop(): void
}

export interface LiveDeskDeps {
  /** Told what is watched, again and again while it is. */
  readonly wanted: (scopes: readonly LiveScope[]) => void
  readonly redis: { readonly store: InstalledStore; readonly seal: Seal } | null
  readonly instanceId: string
  readonly monotonicNow: () => number
  /** Told of messages with a wrong seal. */
  readonly rejected: () => void
  readonly sayEveryMs?: number
}

const wantsPlace = 'live:wants'
const decisionsPlace = 'live:decisions'
const deadlineMs = 500
/** Who has not said so for this long does not watch any more. */
const remoteForMs = 15_000
const mostRemotes = 100
const mostInBatch = 1_000

interface Watcher {
  readonly scope: LiveScope
  readonly heard: (decision: LiveDecision) => void
}

/** Nobody watches yet. */
export function createLiveDesk(deps: LiveDeskDeps): LiveDesk {
  const { redis, instanceId, monotonicNow, sayEveryMs = 5_000 } = deps
  const watchers = new Set<Watcher>()
  /** Other instances with watchers: what they watch, and when they said so. */
  const remotes = new Map<string, { readonly scopes: readonly LiveScope[]; readonly atMs: number }>()
  let timer: NodeJS.Timeout | undefined

  function tell(place: string, value: object): void {
    if (redis === null) return
    const at = redis.store.at(place)
    const sealed = redis.seal.close(at, JSON.stringify(value))
    void redis.store.run((client) => client.publish(at, sealed), deadlineMs)
  }

  function open(place: string, sealed: string): object {
    if (redis === null) return {}
    const text = redis.seal.open(redis.store.at(place), sealed)
    if (text === undefined) deps.rejected()
    const value: unknown = text === undefined ? undefined : parsed(text)
    return Object(value)
  }

  function sayWants(): void {
    for (const [id, { atMs }] of remotes) if (monotonicNow() - atMs > remoteForMs) remotes.delete(id)
    const own = [...watchers].map(({ scope }) => scope)
    const all = [...own, ...[...remotes.values()].flatMap(({ scopes }) => scopes)]
    deps.wanted(all)
    if (all.length > 0) timer ??= setInterval(say, sayEveryMs).unref()
    else {
      clearInterval(timer)
      timer = undefined
    }
  }

  function say(): void {
    sayWants()
    if (watchers.size > 0)
      tell(wantsPlace, { id: instanceId, scopes: [...watchers].map(({ scope }) => scope) })
  }

  function spread(batch: readonly LiveDecision[]): void {
    for (const decision of batch)
      for (const { scope, heard } of watchers) if (sees(scope, decision)) heard(decision)
  }

  redis?.store.subscribe(wantsPlace, (sealed) => {
    const { id, scopes }: { id?: unknown; scopes?: unknown } = open(wantsPlace, sealed)
    if (typeof id !== 'string' || id === instanceId || !Array.isArray(scopes)) return
    if (!remotes.has(id) && remotes.size >= mostRemotes) return
    remotes.set(id, { scopes: scopes.filter(isScope), atMs: monotonicNow() })
    sayWants()
  })
  redis?.store.subscribe(decisionsPlace, (sealed) => {
    if (watchers.size === 0) return
    const { id, batch }: { id?: unknown; batch?: unknown } = open(decisionsPlace, sealed)
    if (id === instanceId || !Array.isArray(batch)) return
    spread(batch.slice(0, mostInBatch).filter(isDecision))
  })

  return {
    listen(scope, heard) {
      const watcher = { scope, heard }
      watchers.add(watcher)
      say()
      return () => {
        if (!watchers.delete(watcher)) return
        sayWants()
        if (watchers.size === 0) tell(wantsPlace, { id: instanceId, scopes: [] })
      }
    },
    hear(batch) {
      spread(batch)
      const isAsked = [...remotes.values()].some(({ scopes }) => scopes.length > 0)
      if (isAsked) tell(decisionsPlace, { id: instanceId, batch: batch.slice(0, mostInBatch) })
    },
    stop() {
      clearInterval(timer)
      timer = undefined
      watchers.clear()
    },
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

function isScope(value: unknown): value is LiveScope {
  const { merchantIds, apis }: { merchantIds?: unknown; apis?: unknown } = Object(value)
  return [merchantIds, apis].every(
    (names) => names === null || (Array.isArray(names) && names.every((name) => typeof name === 'string')),
  )
}

function isDecision(value: unknown): value is LiveDecision {
  const { atMs, requestId, api, environment, route, decision, status, gatewayMs, ...more } = Object(value)
  const { merchantId, keyId, code, reason } = more
  return (
    [atMs, status, gatewayMs].every(Number.isFinite) &&
    [requestId, api, environment, route, decision].every((text) => typeof text === 'string') &&
    [merchantId, keyId, code, reason].every((text) => text === null || typeof text === 'string')
  )
}
