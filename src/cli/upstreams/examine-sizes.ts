// What a server takes of bodies and heads, and what it does when it is asked whether a body may come.

import { type Asker, inertBody } from './ask.ts'

export interface Largest {
  /** Of those that were tried; 0: not even the smallest. */
  readonly takenBytes: number
  /** The first that was not taken, and what came instead; null: all were. */
  readonly refused: { readonly bytes: number; readonly by: number | 'closed' | 'silent' | 'garbled' } | null
}

/** 64 KiB, 1 MiB and each sixteenfold up to `mostBytes`, and that. */
export function sizesUpTo(mostBytes: number): readonly number[] {
  const sizes: number[] = []
  for (let bytes = 64 * 1024; bytes < mostBytes; bytes *= 16) sizes.push(bytes)
  return [...sizes, mostBytes]
}

/** Posts larger and larger bodies, a connection each, until one is not taken as `usualStatus` says the others are. */
export async function examineBodySizes(
  asker: Asker,
  sizes: readonly number[],
  usualStatus: number,
): Promise<Largest> {
  return largest(sizes, async (bytes) => {
    const body = { text: inertBody(bytes), framing: 'content-length' } as const
    const status = await askOnce(asker, asker.text({ method: 'POST', fields: ['connection: close'], body }))
    return status === usualStatus ? null : status
  })
}

export const headSizes = [4, 8, 16, 30].map((kib) => kib * 1024)

/** The same with fields that mean nothing, 1 KiB each. */
export async function examineHeadSizes(asker: Asker, usualStatus: number): Promise<Largest> {
  return largest(headSizes, async (bytes) => {
    const fields = Array.from(
      { length: bytes / 1024 },
      (_, index) => `x-latchkey-probe-${index}: ${'a'.repeat(1_000)}`,
    )
    const status = await askOnce(
      asker,
      asker.text({ method: 'GET', fields: ['connection: close', ...fields] }),
    )
    return status === usualStatus ? null : status
  })
}

type Refusal = NonNullable<Largest['refused']>['by']

async function largest(
  sizes: readonly number[],
  refusalOf: (bytes: number) => Promise<Refusal | null>,
): Promise<Largest> {
  let takenBytes = 0
  for (const bytes of sizes) {
    const by = await refusalOf(bytes)
    if (by !== null) return { takenBytes, refused: { bytes, by } }
    takenBytes = bytes
  }
  return { takenBytes, refused: null }
}

async function askOnce(
  asker: Asker,
  { head, body }: { readonly head: string; readonly body: string },
): Promise<Refusal> {
  const connection = await asker.open()
  try {
    connection.send(head + body)
    const answer = await connection.answer(asker.patienceMs)
    return typeof answer === 'string' ? answer : answer.status
  } finally {
    connection.close()
  }
}

/** `continues`: says 100 first; `answers`: without having seen the body; `waits`: says nothing until the body has come. */
export type Expectation = 'continues' | 'answers' | 'waits'

const expectMs = 1_000

export async function examineExpectation(asker: Asker): Promise<Expectation> {
  const connection = await asker.open()
  try {
    const body = { text: inertBody(256), framing: 'content-length' } as const
    const asked = asker.text({ method: 'POST', fields: ['expect: 100-continue', 'connection: close'], body })
    connection.send(asked.head)
    const early = await connection.answer(expectMs)
    if (connection.interim() > 0) return 'continues'
    return early === 'silent' ? 'waits' : 'answers'
  } finally {
    connection.close()
  }
}
