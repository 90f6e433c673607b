// Finds out what one upstream is like, by harmless requests. What is asked first decides how the rest is asked: of a
// server that serves one connection at a time, nothing is asked at once.

import type { Upstream } from '../../config/compiled.ts'
import { type Asker, type AskerOptions, createAsker } from './ask.ts'
import { type BodyCase, bodyCases, tryBody } from './examine-bodies.ts'
import {
  examineConcurrency,
  examinePersistence,
  examineStalls,
  type Persistence,
  type Stalls,
} from './examine-connections.ts'
import {
  examineBodySizes,
  examineExpectation,
  examineHeadSizes,
  type Expectation,
  type Largest,
  sizesUpTo,
} from './examine-sizes.ts'
import { failureOf, noHttp, type ProbeFailure } from './failure.ts'
import { openConnection, type ProbeConnection } from './probe-connection.ts'

export interface ProbeOptions extends AskerOptions {
  /** The largest body. */
  readonly mostBytes: number
  /** Leaves out every request with a body. */
  readonly isBodiless: boolean
}

export interface Reached {
  readonly http: '1.0' | '1.1'
  /** null: plain TCP. */
  readonly tls: { readonly version: string; readonly alpn: string | null; readonly offersH2: boolean } | null
  /** Of a request on the path that is asked for, or that nobody has. */
  readonly status: number
  readonly answerMs: number
}

export interface Findings {
  readonly reached: Reached
  /** null: it answered once, and then not again. */
  readonly persistence: Persistence | null
  /** null: as many as were tried. */
  readonly connectionsAtOnce: number | null
  readonly stalls: Stalls | null
  /** Empty: none was to be sent. */
  readonly bodies: readonly BodyCase[]
  readonly bodySizes: Largest | null
  readonly headSizes: Largest | null
  readonly expectation: Expectation | null
}

export type Probed =
  | { readonly ok: true; readonly findings: Findings }
  | { readonly ok: false; readonly failure: ProbeFailure }

/** Never rejects for what the upstream does. Takes about the patience and some seconds. */
export async function probeUpstream(upstream: Upstream, options: ProbeOptions): Promise<Probed> {
  const asker = createAsker(upstream, options)
  try {
    const reached = await reach(asker)
    if ('reason' in reached) return { ok: false, failure: reached }
    return { ok: true, findings: await examine(asker, reached, options) }
  } catch (error) {
    return { ok: false, failure: failureOf(error) }
  }
}

async function reach(asker: Asker): Promise<Reached | ProbeFailure> {
  const connection = await asker.open()
  try {
    const begun = performance.now()
    connection.send(asker.text({ method: 'GET' }).head)
    const answer = await connection.answer(asker.patienceMs)
    // Under TLS 1.3 a missing certificate is told after the handshake.
    if (typeof answer === 'string') {
      const error = connection.failure()
      return error === undefined ? noHttp[answer] : failureOf(error)
    }
    const answerMs = Math.round((performance.now() - begun) * 10) / 10
    const tls = await tlsOf(asker.upstream, connection)
    return { http: answer.version, tls, status: answer.status, answerMs }
  } finally {
    connection.close()
  }
}

async function tlsOf(upstream: Upstream, { tls, close }: ProbeConnection): Promise<Reached['tls']> {
  close()
  if (tls === null) return null
  const both = await openConnection(upstream, ['h2', 'http/1.1']).catch(() => null)
  both?.close()
  return { ...tls, offersH2: both?.tls?.alpn === 'h2' }
}

/** What fails after the upstream was reached is told as what could not be found out. */
async function examine(asker: Asker, reached: Reached, options: ProbeOptions): Promise<Findings> {
  const { status } = reached
  const connectionsAtOnce = await examineConcurrency(asker, reached)
  const stalls = await examineStalls(asker).catch(() => null)
  const inTurn = createTurns(connectionsAtOnce === null)
  const persistence = inTurn(() => examinePersistence(asker), null)
  const headSizes = inTurn(() => examineHeadSizes(asker, status), null)
  const cases = options.isBodiless ? [] : bodyCases()
  const bodies = cases.map((which) => {
    const unclear: BodyCase = { ...which, status: null, outcome: 'unclear' }
    return inTurn(() => tryBody(asker, which, status), unclear)
  })
  const expectation = options.isBodiless ? null : inTurn(() => examineExpectation(asker), null)
  const tried = await Promise.all(bodies)
  const posted = tried.find(({ method, isLate }) => method === 'POST' && !isLate)?.status ?? null
  const sizes = sizesUpTo(options.mostBytes)
  const bodySizes = posted === null ? null : inTurn(() => examineBodySizes(asker, sizes, posted), null)
  return {
    reached,
    persistence: await persistence,
    connectionsAtOnce,
    stalls,
    bodies: tried,
    bodySizes: await bodySizes,
    headSizes: await headSizes,
    expectation: await expectation,
  }
}

/** Runs what it is given at once, or each when the one before has ended; gives `instead` where that fails. */
function createTurns(isAtOnce: boolean): <T, I>(run: () => Promise<T>, instead: I) => Promise<T | I> {
  let last: Promise<unknown> = Promise.resolve()
  return (run, instead) => {
    const mine = (isAtOnce ? run() : last.then(run)).catch(() => instead)
    last = mine
    return mine
  }
}
