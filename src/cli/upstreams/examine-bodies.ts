// Whether a server reads the bodies that it is sent before it takes the next request on the connection (RFC 9112 §9.3
// asks for it). One that does not takes what is left for a request: somebody else's.

import { type Asker, type Framing, inertBody } from './ask.ts'
import type { ProbeConnection } from './probe-connection.ts'

/** What became of a connection on which a body had been sent. */
export const bodyOutcomes = {
  read: 'the next request on the connection got its own answer',
  closes: 'the server answered, said that it closes, and did',
  cuts: 'the server closed the connection without saying so',
  left: 'what was left of the body was taken for a request',
  unclear: 'it could not be told',
} as const
export type BodyOutcome = keyof typeof bodyOutcomes

export interface BodyCase {
  readonly method: 'POST' | 'OPTIONS' | 'GET'
  readonly framing: Framing
  /** Whether the body came after its head, when the server may have answered already. */
  readonly isLate: boolean
  /** Whether the request asked for the connection to be closed, as the gateway does with `reuse: bodiless`. */
  readonly isClosing: boolean
  readonly outcome: BodyOutcome
  /** Of the answer to the request with the body; null: there was none. */
  readonly status: number | null
}

/** What servers say of requests that are none. */
const complaints: ReadonlySet<number> = new Set([400, 405, 411, 414, 431, 501, 505])

/** Small enough to come in one packet with its head; and more than servers throw away without a word (Go's: 256 KiB). */
const smallBytes = 256
const lateBytes = 320 * 1024
/** How long a server may answer before it is sent the body. */
const lateMs = 300
/** In which it does what it does with what is left. */
const restMs = 250

type Which = Omit<BodyCase, 'outcome' | 'status'>

/** Every way to send a body that changes nothing. PUT, PATCH and DELETE are left out: they could. */
export function bodyCases(): readonly Which[] {
  const framings = ['content-length', 'chunked'] as const
  const kept = (['POST', 'OPTIONS', 'GET'] as const).flatMap((method) =>
    framings.flatMap((framing) =>
      [false, true].map((isLate) => ({ method, framing, isLate, isClosing: false })),
    ),
  )
  const closing = framings.map((framing) => ({
    method: 'POST' as const,
    framing,
    isLate: true,
    isClosing: true,
  }))
  return [...kept, ...closing]
}

/** Sends one body, and another request behind it. `usualStatus`: of a request without a body. */
export async function tryBody(asker: Asker, which: Which, usualStatus: number): Promise<BodyCase> {
  const connection = await asker.open()
  try {
    await sendBody(asker, connection, which)
    const first = await connection.answer(asker.patienceMs)
    if (typeof first === 'string') {
      return { ...which, status: null, outcome: first === 'closed' ? 'cuts' : 'unclear' }
    }
    const outcome =
      first.saysClose || which.isClosing
        ? await afterClose(connection)
        : await afterAnswer(asker, connection, usualStatus)
    return { ...which, status: first.status, outcome }
  } finally {
    connection.close()
  }
}

async function sendBody(asker: Asker, connection: ProbeConnection, which: Which): Promise<void> {
  const { method, framing, isLate, isClosing } = which
  const { head, body } = asker.text({
    method,
    fields: isClosing ? ['connection: close'] : [],
    body: { text: inertBody(isLate ? lateBytes : smallBytes), framing },
  })
  if (!isLate) return connection.send(head + body)
  connection.send(head)
  await connection.stirs(lateMs)
  connection.send(body)
}

/** Who says that it closes, and goes on answering, has not read the body either. */
async function afterClose(connection: ProbeConnection): Promise<BodyOutcome> {
  await connection.ends(restMs)
  return connection.left() === '' ? 'closes' : 'left'
}

async function afterAnswer(
  asker: Asker,
  connection: ProbeConnection,
  usualStatus: number,
): Promise<BodyOutcome> {
  const early = await somethingOf(connection)
  if (early !== undefined) return early
  connection.send(asker.text({ method: 'GET' }).head)
  const second = await connection.answer(asker.patienceMs)
  if (second === 'closed') return 'cuts'
  if (second === 'garbled') return 'left'
  if (second === 'silent') return 'unclear'
  // A server that complains of everything tells nothing; one that is busy says so.
  if (complaints.has(usualStatus)) return 'unclear'
  if (second.status !== usualStatus) return complaints.has(second.status) ? 'left' : 'unclear'
  const late = await somethingOf(connection)
  return late === 'left' ? 'left' : 'read'
}

/** What comes of a connection on which nothing was asked. */
async function somethingOf(connection: ProbeConnection): Promise<BodyOutcome | undefined> {
  if (!(await connection.stirs(restMs))) return undefined
  return connection.left() === '' ? 'cuts' : 'left'
}
