// What the names of an upstream's targets resolve to, looked at again and again, where each address is a target of its own
// (`resolve: all`). What is known is kept while name servers say nothing, for as long as it is elsewhere (names.ts).

import { createHash, randomBytes } from 'node:crypto'
import type { LookupAddress } from 'node:dns'
import { networkInterfaces, type NetworkInterfaceInfo } from 'node:os'
import type { Names } from './names.ts'

export interface Addresses {
  /** Of a name, of both families, sorted; empty: none is known yet. */
  of(name: string): readonly string[]
  stop(): void
}

/** As long as an answer is used elsewhere without asking again (names.ts). */
const lookEveryMs = 10_000
/** While none is known. */
const lookSoonMs = 1_000
/** A name that has thousands would take the process's connections for itself. */
export const mostAddresses = 64

export interface AddressesDeps {
  readonly names: Names
  /** What is known from before; undefined: nothing is. */
  readonly before: Addresses | undefined
  /** Told when one of them has others. */
  readonly changed: () => void
  /** Which of more than `mostAddresses` are taken; a process's own unless said. */
  readonly choice?: string
  /** This machine's addresses. */
  readonly interfaces?: () => Interfaces
}

type Interfaces = Readonly<Record<string, NetworkInterfaceInfo[] | undefined>>

/** Begins to look. */
export function followAddresses(
  hostnames: readonly string[],
  { names, before, changed, choice = ownChoice, interfaces = networkInterfaces }: AddressesDeps,
): Addresses {
  const known = new Map(hostnames.map((name) => [name, before?.of(name) ?? []]))
  const unfollow = hostnames.map((name) => names.follow(name, () => take(name)))
  let isStopped = false
  let timer: NodeJS.Timeout | undefined

  function look(): void {
    const isKnown = [...known.values()].every((addresses) => addresses.length > 0)
    timer = setTimeout(look, isKnown ? lookEveryMs : lookSoonMs).unref()
    for (const name of known.keys()) {
      names.ask(name)
      // What is known may run out while nobody answers.
      process.nextTick(take, name)
    }
  }

  function take(name: string): void {
    if (isStopped) return
    const found = reachable(names.known(name), interfaces).map(({ address }) => address)
    const addresses = chosen([...new Set(found)], choice).toSorted()
    if (addresses.join() === known.get(name)?.join()) return
    known.set(name, addresses)
    changed()
  }

  look()
  return {
    of: (name) => known.get(name) ?? [],
    stop() {
      isStopped = true
      for (const end of unfollow) end()
      clearTimeout(timer)
    },
  }
}

/** Drawn once: processes that all took the same ones would leave the rest of a large service without work. */
const ownChoice = randomBytes(8).toString('hex')

/** Those of the least hashes: another address takes the place of one at most. */
function chosen(addresses: readonly string[], choice: string): string[] {
  if (addresses.length <= mostAddresses) return [...addresses]
  const ranked = addresses.map((address) => ({
    address,
    rank: createHash('sha256').update(`${choice} ${address}`).digest('hex'),
  }))
  const first = ranked.toSorted((a, b) => (a.rank < b.rank ? -1 : 1)).slice(0, mostAddresses)
  return first.map(({ address }) => address)
}

/**
 * Without those of a family that this machine has no address of beyond itself and its link: no connection to one comes about.
 * All of them where none would be left.
 */
function reachable(found: readonly LookupAddress[], interfaces: () => Interfaces): readonly LookupAddress[] {
  const families = new Set(found.map(({ family }) => family))
  if (families.size < 2) return found
  const own = Object.values(interfaces()).flatMap((all) => all ?? [])
  const wide = own.filter(({ internal, address }) => !internal && !/^(?:fe[89ab]|169\.254\.)/i.test(address))
  const has = (family: number) => wide.some((one) => one.family === `IPv${family}`)
  const near = found.filter(({ address, family }) => has(family) || /^(?:127\.|::1$)/.test(address))
  return near.length > 0 ? near : found
}
