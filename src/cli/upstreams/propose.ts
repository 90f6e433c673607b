// From what was found to settings: each with its reason, and the careful one where anything is in doubt.

import { mostAtOnce } from './examine-connections.ts'
import type { BodyCase } from './examine-bodies.ts'
import type { Findings } from './probe-upstream.ts'

export interface Proposal {
  readonly reuse: 'all' | 'bodiless' | 'none'
  readonly why: string
  /** null: nothing speaks against the default. */
  readonly connections: number | null
  /** null: the default will do, as `connections` is left at its own. */
  readonly queue: number | null
  /** What no setting mends, or what is worth to know. */
  readonly notes: readonly string[]
}

/** How long the gateway leaves a connection open on which nothing is under way, where the upstream does not say. */
const usualIdleMs = 4_000
/** And how much of what the upstream says it leaves unused. */
const idleMarginMs = 2_000

/** Four for each of very few connections would turn away what the server itself leaves waiting. */
const shortestQueue = 128

export function propose(findings: Findings): Proposal {
  const { connectionsAtOnce } = findings
  const [reuse, why] = reuseFor(findings)
  const queue = connectionsAtOnce === null ? null : shortestQueue
  return { reuse, why, connections: connectionsAtOnce, queue, notes: notesOn(findings) }
}

function reuseFor({ connectionsAtOnce, persistence, bodies }: Findings): [Proposal['reuse'], string] {
  if (connectionsAtOnce !== null) {
    return ['none', 'a connection that is kept holds the place of another']
  }
  if (persistence === null) return ['none', 'it does not answer each time']
  const { says, saidSeconds, keptMs } = persistence
  if (says === 'close') return ['bodiless', 'it closes after each answer anyway, and says so']
  const isSilent =
    keptMs !== null && keptMs < (saidSeconds === null ? usualIdleMs : saidSeconds * 1_000 - idleMarginMs)
  if (isSilent) return ['none', `it closes after ${keptMs} ms without having said so`]
  return reuseByBodies(bodies)
}

function reuseByBodies(bodies: readonly BodyCase[]): [Proposal['reuse'], string] {
  if (bodies.length === 0) return ['bodiless', 'it was not asked what it does with bodies']
  const kept = bodies.filter(({ isClosing }) => !isClosing)
  const unsafe = kept.find(({ outcome }) => outcome !== 'read' && outcome !== 'closes')
  if (unsafe !== undefined) return ['bodiless', reasonOf(unsafe)]
  const unread = kept.find(
    ({ method, isLate, outcome }) => method === 'POST' && !isLate && outcome !== 'read',
  )
  if (unread !== undefined) return ['bodiless', 'it closes behind bodies anyway, and says so']
  return ['all', 'it read every body before it took the next request']
}

function reasonOf({ method, framing, isLate, outcome }: BodyCase): string {
  const what = `${method} with ${framing === 'chunked' ? 'a chunked body' : 'a body of known length'}`
  const when = isLate ? ' that came after its head' : ''
  if (outcome === 'left') return `${what}${when}: what was left of it was taken for a request`
  if (outcome === 'cuts') return `${what}${when}: it closed the connection without saying so`
  return `${what}${when}: it could not be told whether it was read`
}

function notesOn({ bodies, connectionsAtOnce, stalls, reached }: Findings): string[] {
  const isHopeless = bodies.some(({ isClosing, outcome }) => isClosing && outcome === 'left')
  const isOpenToMore = bodies.some(({ outcome }) => outcome === 'left')
  const places = `it serves ${connectionsAtOnce} of ${mostAtOnce} connections at once: all gateway processes share them`
  return [
    ...(isHopeless
      ? [
          'it takes what is left of a body for a request even where it was asked to close: put a server before it that reads bodies',
        ]
      : []),
    ...(isOpenToMore && !isHopeless
      ? [
          'it takes what is left of a body for a request: never `reuse: all`, and tell who made it (RFC 9112 §9.3)',
        ]
      : []),
    ...(connectionsAtOnce === null ? [] : [places]),
    ...(stalls?.isStalling === true
      ? ['later requests on a connection wait: delayed acknowledgements? It should set TCP_NODELAY']
      : []),
    ...(reached.http === '1.0' ? ['it answers in HTTP/1.0: a connection for each request'] : []),
  ]
}
