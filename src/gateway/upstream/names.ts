// The addresses of the upstreams' names, for all connections of the process. The system's own look-up (getaddrinfo) is
// asked, so that hosts files, search domains and whatever else the machine resolves by keep counting; but it takes a
// thread for as long as it runs, nothing can call it off, and libuv gives such work half of its four threads. So a name
// is looked up once at a time, whoever waits for it; what is known is used meanwhile; and names that are slow share one
// thread, so that another is there for the rest.

import type { LookupAddress } from 'node:dns'
import type { LookupFunction } from 'node:net'

/** Gives every address of a name, best first, or says what went wrong; never both, and never at once. */
export type AskSystem = (
  name: string,
  done: (error: NodeJS.ErrnoException | null, addresses: LookupAddress[]) => void,
) => void

export interface Names {
  /** For `net.connect`: what is known now, or is known once the look-up under way has ended. */
  readonly lookup: LookupFunction
  /** No connection came about at the addresses of `name`: it may have moved. */
  doubt(name: string): void
  /** What is known now, as long as it may be used; empty: nothing is. */
  known(name: string): readonly LookupAddress[]
  /** Has it looked up anew, however fresh what is known is. */
  ask(name: string): void
  /** `told`: called after each look-up of it, and never at once. Returns what ends that. */
  follow(name: string, told: () => void): () => void
}

/** How long an answer is used without asking again. getaddrinfo tells no time to live. */
export const freshMs = 10_000
/** From then on it is used while it is asked for again; past the second age a new answer is waited for, a moment. */
export const staleMs = 60_000
const patienceMs = 1_000
/** How long the last answer outlives failing look-ups, and ones that say that there is no such name. */
export const keptMs = 3_600_000
export const deniedMs = 60_000
/** A look-up this long has a slow name. */
const slowMs = 1_000
/** Between two look-ups of one name. A failure counts meanwhile. */
export const againMs = 1_000
const mostAtOnce = 2

interface Name {
  readonly name: string
  addresses: readonly LookupAddress[]
  /** When they were answered. */
  knownAtMs: number
  /** Of the last look-up; undefined: it succeeded. */
  error: NodeJS.ErrnoException | undefined
  isDoubted: boolean
  isSlow: boolean
  /** Queued or under way. */
  isAsked: boolean
  endedAtMs: number
  waiting: Waiting[]
  readonly followers: Set<() => void>
  /** How often it was used. */
  turn: number
}

type Waiting = () => void

/** Knows nothing yet. `now`: monotonic milliseconds. */
export function createNames({ ask, now }: { ask: AskSystem; now: () => number }): Names {
  const names = new Map<string, Name>()
  const queue: Name[] = []
  const underWay: Name[] = []

  function nameOf(text: string): Name {
    const known = names.get(text)
    if (known !== undefined) return known
    const made = unknownName(text)
    names.set(text, made)
    return made
  }

  function refresh(name: Name): void {
    if (name.isAsked || now() - name.endedAtMs < againMs) return
    name.isAsked = true
    queue.push(name)
    startQueued()
  }

  function startQueued(): void {
    while (underWay.length < mostAtOnce) {
      const hasSlow = underWay.some((name) => name.isSlow)
      const at = queue.findIndex((name) => !hasSlow || !name.isSlow)
      const [next] = at === -1 ? [] : queue.splice(at, 1)
      if (next === undefined) return
      start(next)
    }
  }

  function start(name: Name): void {
    underWay.push(name)
    const slow = setTimeout(() => void (name.isSlow = true), slowMs).unref()
    const startedAtMs = now()
    ask(name.name, (error, addresses) => {
      clearTimeout(slow)
      underWay.splice(underWay.indexOf(name), 1)
      name.isAsked = false
      name.endedAtMs = now()
      name.isSlow = name.endedAtMs - startedAtMs >= slowMs
      learn(name, error ?? (addresses.length === 0 ? noAddress(name.name) : undefined), addresses)
      startQueued()
      for (const tell of name.waiting.splice(0)) tell()
      for (const told of name.followers) process.nextTick(told)
    })
  }

  function learn(
    name: Name,
    error: NodeJS.ErrnoException | undefined,
    addresses: readonly LookupAddress[],
  ): void {
    name.error = error
    name.isDoubted = false
    if (error !== undefined) return
    name.addresses = addresses
    name.knownAtMs = name.endedAtMs
  }

  function isKnown(name: Name): boolean {
    const lastsMs = name.error?.code === 'ENOTFOUND' ? deniedMs : keptMs
    return name.addresses.length > 0 && now() - name.knownAtMs < lastsMs
  }

  /** Whether what is known serves now; else the look-up under way is worth waiting for. */
  function serves(name: Name): boolean {
    if (!name.isAsked) return true
    if (!isKnown(name)) return false
    if (name.isSlow || name.error !== undefined) return true
    return !name.isDoubted && now() - name.knownAtMs < staleMs
  }

  return {
    lookup(text, { all: isForAll }, callback) {
      const name = nameOf(text)
      if (name.isDoubted || now() - name.knownAtMs >= freshMs) refresh(name)
      let isTold = false
      const tell = () => {
        if (isTold) return
        isTold = true
        const error = isKnown(name) ? null : (name.error ?? noAddress(text))
        const addresses = error === null ? inTurn(name) : []
        if (isForAll) callback(error, addresses)
        else callback(error, addresses[0]?.address ?? '', addresses[0]?.family)
      }
      // Never at once: `net.connect` has not returned its socket yet.
      if (serves(name)) return process.nextTick(tell)
      name.waiting.push(tell)
      if (isKnown(name)) setTimeout(tell, patienceMs).unref()
    },
    doubt(text) {
      const name = nameOf(text)
      name.isDoubted = true
      refresh(name)
    },
    known(text) {
      const name = nameOf(text)
      return isKnown(name) ? name.addresses : []
    },
    ask: (text) => refresh(nameOf(text)),
    follow(text, told) {
      const { followers } = nameOf(text)
      followers.add(told)
      return () => void followers.delete(told)
    },
  }
}

function unknownName(name: string): Name {
  return {
    name,
    addresses: [],
    knownAtMs: Number.NEGATIVE_INFINITY,
    error: undefined,
    isDoubted: false,
    isSlow: false,
    isAsked: false,
    endedAtMs: Number.NEGATIVE_INFINITY,
    waiting: [],
    followers: new Set(),
    turn: 0,
  }
}

/**
 * Addresses of the family that comes first take turns at the head, as name servers let them; without it all connections
 * of ten seconds would go to one machine of many.
 */
function inTurn(name: Name): LookupAddress[] {
  const { addresses } = name
  const other = addresses.findIndex(({ family }) => family !== addresses[0]?.family)
  const first = other === -1 ? addresses : addresses.slice(0, other)
  const at = name.turn++ % first.length
  return [...first.slice(at), ...first.slice(0, at), ...addresses.slice(first.length)]
}

function noAddress(name: string): NodeJS.ErrnoException {
  return Object.assign(new Error(`getaddrinfo ENOTFOUND ${name}`), {
    code: 'ENOTFOUND',
    syscall: 'getaddrinfo',
  })
}
