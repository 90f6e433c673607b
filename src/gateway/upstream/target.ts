// One place that requests of an upstream can go to: its connections, and whether it takes any. It outlasts configurations,
// as long as they open its connections with the same.

import { performance } from 'node:perf_hooks'
import type { SecureContextOptions } from 'node:tls'
import type { Upstream } from '../../config/compiled.ts'
import { certificateFiles } from './certificates.ts'
import { type Connect, createConnect } from './connect.ts'
import { createEjection } from './ejection.ts'
import type { Habit } from './habits.ts'
import type { Names } from './names.ts'
import { createPool, type Pool } from './pool.ts'
import type { UpstreamRoom } from './room.ts'

/** Where a target is. */
export interface Place {
  /** Scheme, host and port to connect to. */
  readonly origin: string
  /** Host and port by which it knows itself. */
  readonly host: string
  /** Name that its certificate must be for; null: that of the origin. */
  readonly serverName: string | null
  /** Of an address: the name that it was looked up by. */
  readonly foundBy: string | null
}

/** The connections to a target, whatever tables come and go. */
export interface Connections extends Omit<Pool, 'close'> {
  enter(): void
  leave(): void
  /** Exchanges under way. */
  inFlight(): number
  /** Waits for what is under way, then closes. */
  close(): Promise<void>
}

export interface Target {
  /** What its connections were opened with; one that differs in it is another one. */
  readonly opened: string
  /** Host and port that are connected to: for people. */
  readonly name: string
  /** Its own name, as Host says it. */
  readonly host: string
  readonly connections: Connections
  /** Opens a connection beside them, for a check; its outcome counts as theirs do. */
  readonly connect: Connect
  /** It gets requests while others are there, too. */
  isAvailable(): boolean
  /** When it came back, in milliseconds of `performance.now()`; 0: it was never away. */
  returnedAt(): number
  /** Whether there are other targets beside it. */
  watch(hasOthers: boolean): void
  /** What checks make of it; `reason`: why it is not healthy. */
  judge(reason: string | undefined): void
}

/** Told of one that is not available any more, and why, or again. */
export type TargetNews = (name: string, reason: string | undefined) => void

export interface Opening {
  readonly upstream: Upstream
  readonly certificates: () => SecureContextOptions
  readonly names: Names
  readonly room: UpstreamRoom
  readonly changed: TargetNews
  readonly onHold: (habit: Habit, milliseconds: number) => void
}

/** What decides over the connections themselves, `stamp` that of the files; a certificate renewed under the same name is another one. */
export function openedWith(
  upstream: Upstream,
  { origin, host, serverName, foundBy }: Place,
  stamp: string,
): string {
  const { connections, queue, queueTimeoutMs, connectTimeoutMs, maxAgeMs } = upstream
  const numbers = [connections, queue, queueTimeoutMs, connectTimeoutMs, maxAgeMs]
  return JSON.stringify([origin, host, serverName, foundBy, numbers, certificateFiles(upstream), stamp])
}

/** Opens no connection yet. Throws when a certificate file cannot be read. */
export function openTarget(place: Place, opened: string, opening: Opening): Target {
  const { upstream, names, room } = opening
  const { origin, serverName, host, foundBy } = place
  const name = new URL(origin).host
  const certificates = opening.certificates()
  const timeoutMs = upstream.connectTimeoutMs
  let isHealthy = true
  let wasAvailable = true
  let returnedAt = 0
  const isAvailable = () => isHealthy && !ejection.isEjected()

  /** It may be ill and out of reach at once: what is told is whether it gets requests. */
  function changed(reason: string | undefined): void {
    if (isAvailable() === wasAvailable) return
    wasAvailable = !wasAvailable
    if (wasAvailable) returnedAt = performance.now()
    opening.changed(name, wasAvailable ? undefined : reason)
  }

  const ejection = createEjection(
    room.bound(createConnect({ origin, serverName, timeoutMs, certificates, names, foundBy })),
    (error) => changed(error && reasonOf(error)),
  )
  return {
    opened,
    name,
    host,
    connections: openConnections(ejection.connect, opening, ejection.stop),
    connect: ejection.connect,
    isAvailable,
    returnedAt: () => returnedAt,
    watch: ejection.watch,
    judge(reason) {
      if ((reason === undefined) === isHealthy) return
      isHealthy = reason === undefined
      changed(reason)
    },
  }
}

/** A word of the system's or of ours: nothing that the other side has said. */
function reasonOf(error: Error): string {
  const [first] = error instanceof AggregateError ? error.errors : []
  const one: unknown = first ?? error
  if (one instanceof Error && 'code' in one && typeof one.code === 'string') return one.code
  return error.name
}

function openConnections(
  connect: Connect,
  { upstream, room, onHold }: Opening,
  stop: () => void,
): Connections {
  const { connections: most, queue, queueTimeoutMs, maxAgeMs } = upstream
  const pool = createPool(connect, { most, queue, queueTimeoutMs, maxAgeMs }, onHold)
  const leaveRoom = room.share(pool.closeOldest)
  let inFlight = 0
  let ended: (() => void) | undefined

  return {
    ...pool,
    enter() {
      inFlight++
    },
    leave() {
      inFlight--
      if (inFlight === 0) ended?.()
    },
    inFlight: () => inFlight,
    async close() {
      stop()
      pool.close()
      leaveRoom()
      if (inFlight > 0) await new Promise<void>((resolve) => (ended = resolve))
    },
  }
}
