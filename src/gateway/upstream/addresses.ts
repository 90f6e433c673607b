// What the names of an upstream's targets resolve to, looked at again and again, where each address is a target of its own
// (`resolve: all`). What is known is kept while name servers say nothing, for as long as it is elsewhere (names.ts).

import type { Names } from './names.ts'

export interface Addresses {
  /** Of a name, of the family that comes first, sorted; empty: none is known yet. */
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
}

/** Begins to look. */
export function followAddresses(
  hostnames: readonly string[],
  { names, before, changed }: AddressesDeps,
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
    const found = names.known(name)
    const { family } = found[0] ?? {}
    const same = found.filter((one) => one.family === family).map(({ address }) => address)
    const addresses = [...new Set(same)].toSorted().slice(0, mostAddresses)
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
