// Where keys are used from, of APIs with a brake that may restrict them to that: each address of a key is handed on once in a while, never in
// a request's way, and bounded. Of other APIs nothing is kept.

import { isIP, isIPv4 } from 'node:net'
import { canonicalBlock } from '../../config/address.ts'
import { clientNetwork, ownCopy } from '../../config/request/addresses.ts'
import type { Api } from '../../config/compiled.ts'
import type { Access } from '../access.ts'

export interface SeenAddress {
  readonly keyId: string
  /** An IPv4 address, or an IPv6 network (/64) in CIDR. */
  readonly address: string
}

export interface AddressRecorder {
  /** Notes one finished request. */
  note(access: Access): void
  /** Hands on what is new. Never rejects. */
  flush(): Promise<void>
  stop(): void
}

export interface AddressRecorderDeps {
  /** Rejects when it cannot tell that they were kept; then they come again. */
  readonly sink: (seen: readonly SeenAddress[], nowMs: number) => Promise<void>
  /** Milliseconds since the epoch. */
  readonly now: () => number
  readonly flushEveryMs?: number
}

/** That one is still used is said again after so long. */
const repeatedMs = 6 * 60 * 60_000
/** Keys with an address each; beyond it those that were handed on are forgotten, and handed on again. */
const mostKnown = 100_000
const mostAtOnce = 1_000

const wanted = new WeakMap<Api, boolean>()

function isWanted(api: Api): boolean {
  let is = wanted.get(api)
  if (is === undefined) wanted.set(api, (is = api.brakes.some(({ action }) => action === 'require_ip')))
  return is
}

/** Begins with nothing, and flushes every ten seconds. */
export function createAddressRecorder(deps: AddressRecorderDeps): AddressRecorder {
  /** When each was handed on. */
  let known = new Map<string, number>()
  const fresh = new Map<string, SeenAddress>()
  let flushing: Promise<void> | undefined
  const timer = setInterval(() => void flush(), deps.flushEveryMs ?? 10_000)
  timer.unref()

  async function handOn(): Promise<void> {
    while (fresh.size > 0) {
      const nowMs = deps.now()
      const batch = [...fresh].slice(0, mostAtOnce)
      try {
        await deps.sink(
          batch.map(([, seen]) => seen),
          nowMs,
        )
      } catch {
        return
      }
      if (known.size + batch.length > mostKnown) known = new Map()
      for (const [name] of batch) {
        fresh.delete(name)
        known.set(name, nowMs)
      }
    }
  }

  function flush(): Promise<void> {
    flushing ??= handOn().finally(() => {
      flushing = undefined
    })
    return flushing
  }

  return {
    note({ principal, host, denial, client }) {
      if (principal === undefined || host === undefined || denial !== undefined || !isWanted(host.api)) return
      const { keyId, token } = principal.record
      if (token !== null || isIP(client) === 0) return
      const name = `${keyId} ${clientNetwork(client)}`
      if (deps.now() - (known.get(name) ?? 0) < repeatedMs || fresh.has(name)) return
      if (fresh.size < mostKnown) fresh.set(ownCopy(name), { keyId, address: blockOf(client) })
    },
    flush,
    stop: () => clearInterval(timer),
  }
}

/** Its one spelling. */
function blockOf(client: string): string {
  if (isIPv4(client)) return ownCopy(client)
  return canonicalBlock(`${clientNetwork(client).replace(/^:/, '0:')}::/64`)
}
