// How long a server keeps a connection on which nothing is asked, how many it serves at once, and whether it answers
// later requests on one as quickly as the first.

import type { Asker } from './ask.ts'
import type { ProbeAnswer } from './read-answer.ts'

export interface Persistence {
  /** What its answer says. */
  readonly says: 'close' | 'keep-alive'
  readonly saidSeconds: number | null
  /** How long the connection was open after the answer; null: longer than anybody waited. */
  readonly keptMs: number | null
}

/** Asks once and waits for the end. */
export async function examinePersistence(asker: Asker): Promise<Persistence | null> {
  const connection = await asker.open()
  try {
    connection.send(asker.text({ method: 'GET' }).head)
    const answer = await connection.answer(asker.patienceMs)
    if (typeof answer === 'string') return null
    const answeredAt = performance.now()
    const isOver = await connection.ends(asker.patienceMs)
    return {
      says: answer.saysClose ? 'close' : 'keep-alive',
      saidSeconds: answer.keepAliveSeconds ?? null,
      keptMs: isOver ? Math.round(performance.now() - answeredAt) : null,
    }
  } finally {
    connection.close()
  }
}

/** What a server says to one too many. */
function isTurnedAway(status: number, usualStatus: number): boolean {
  return status !== usualStatus && (status === 429 || status === 503)
}

/** The most that are opened at once. */
export const mostAtOnce = 16

/**
 * How many connections get an answer while the others stay open with nothing to do; null: `mostAtOnce` or more,
 * or all that a server is asked for that closes each. Found twice, as one answer may be late for another reason.
 */
export async function examineConcurrency(asker: Asker, usual: Usual): Promise<number | null> {
  const first = await countServed(asker, usual)
  const second = first === null ? null : await countServed(asker, usual)
  return first === null || second === null ? null : Math.max(first, second)
}

interface Usual {
  readonly status: number
  readonly answerMs: number
}

async function countServed(asker: Asker, usual: Usual): Promise<number | null> {
  const waitMs = Math.min(asker.patienceMs, Math.max(2_000, usual.answerMs * 4))
  const open: Opened[] = []
  try {
    while (open.length < mostAtOnce) {
      const connection = await asker.open().catch(() => null)
      connection?.send(asker.text({ method: 'GET' }).head)
      const answer = (await connection?.answer(waitMs)) ?? 'closed'
      if (!isAnswer(answer) || isTurnedAway(answer.status, usual.status)) {
        connection?.close()
        // One that was closed meanwhile takes no place of anybody.
        const served = open.filter((one) => !one.isOver()).length
        return served === 0 ? null : served
      }
      if (connection !== null) open.push(connection)
    }
    return null
  } finally {
    for (const connection of open) connection.close()
  }
}

export interface Stalls {
  /** Medians of whole exchanges: on connections of their own, opening not counted; on one that had answered before. */
  readonly freshMs: number
  readonly keptMs: number
  readonly isStalling: boolean
}

const samples = 5
/** Below it nobody would notice; a delayed acknowledgement takes 40. */
const stallMs = 25

/** Asks some times on fresh connections, and as often on one; null: a connection carries one request only. */
export async function examineStalls(asker: Asker): Promise<Stalls | null> {
  const fresh: number[] = []
  const kept: number[] = []
  for (let i = 0; i < samples; i++) {
    const connection = await asker.open()
    fresh.push((await timed(asker, connection)) ?? asker.patienceMs)
    connection.close()
  }
  const connection = await asker.open()
  try {
    for (let i = 0; i <= samples; i++) {
      const ms = await timed(asker, connection)
      if (ms === undefined) return null
      if (i > 0) kept.push(ms)
    }
  } finally {
    connection.close()
  }
  const [freshMs, keptMs] = [median(fresh), median(kept)]
  return { freshMs, keptMs, isStalling: keptMs > freshMs + stallMs }
}

type Opened = Awaited<ReturnType<Asker['open']>>

async function timed(asker: Asker, connection: Opened): Promise<number | undefined> {
  const begun = performance.now()
  connection.send(asker.text({ method: 'GET' }).head)
  const answer = await connection.answer(asker.patienceMs)
  return isAnswer(answer) ? performance.now() - begun : undefined
}

function isAnswer(answer: ProbeAnswer | string): answer is ProbeAnswer {
  return typeof answer !== 'string'
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  return Math.round((sorted[Math.floor(sorted.length / 2)] ?? 0) * 10) / 10
}
