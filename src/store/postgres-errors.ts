// The two ways in which Postgres fails, so that a caller can tell "no answer" from "a wrong question". Neither error
// carries the connection URL, a value of a statement or the driver's own error object.

import { DatabaseError } from 'pg'
import { printable } from '../errors/printable.ts'

/** No answer from a database that can be used: the request may be right, and may succeed later. */
export class StoreUnavailableError extends Error {
  override readonly name = 'StoreUnavailableError'
  /** SQLSTATE, a code of the operating system or of TLS, or a word such as `timeout`. */
  readonly code: string
  /** What the server or the driver said, on one line; empty where the code is all there is. */
  readonly text: string

  constructor(code: string, text = '') {
    const told = printable(text).slice(0, longestText)
    super(`Postgres is unavailable: ${code}${told && ` (${told})`}`)
    this.code = code
    this.text = told
  }
}

/** Of what others say, in characters. */
const longestText = 300

/**
 * The database could not be asked whether a change was made: its commit was sent, and neither its answer nor, later, its
 * outcome came back.
 */
export class OutcomeUnknownError extends StoreUnavailableError {}

/** The database answered that the statement is wrong or broke a constraint. */
export class StatementError extends Error {
  override readonly name = 'StatementError'
  /** SQLSTATE. */
  readonly code: string
  readonly constraint: string | null

  constructor(error: {
    readonly code: string
    readonly message: string
    readonly constraint: string | null
  }) {
    super(`SQLSTATE ${error.code}: ${error.message}`)
    this.code = error.code
    this.constraint = error.constraint
  }
}

/** For `catch`: throws what a failure of the driver is here. */
export function rethrow(error: unknown): never {
  throw failureOf(error)
}

/**
 * SQLSTATEs by which a server says that it cannot serve now: whole classes (08 connection, 28 login, 53 resources,
 * 57 operator intervention and cancelled by timeout, 58 system), a read-only or recovering server (25006, 55000),
 * a lock timeout (55P03), a database or schema that is not there yet or is older than the program (3D000, 3F000, 42P01,
 * 42703, 42883), and rights that the role lacks (42501).
 */
const unavailable = /^(?:08|28|53|57|58)|^(?:25006|55000|55P03|3D000|3F000|42P01|42703|42883|42501)$/

/** Constraints that a newer schema has no more: what breaks one is right, and its migration waits for a lock still. */
const takenAway: ReadonlySet<string> = new Set(['api_key_environment_check'])

/** What a failure of the driver is here. Throws what is a fault of ours. */
export function failureOf(error: unknown): StoreUnavailableError | StatementError {
  if (error instanceof StoreUnavailableError) return error
  if (error instanceof DatabaseError && error.code !== undefined) {
    const { code, message, constraint = null } = error
    if (constraint !== null && takenAway.has(constraint))
      return new StoreUnavailableError('not_migrated', message)
    return unavailable.test(code)
      ? new StoreUnavailableError(code, message)
      : new StatementError({ code, message, constraint })
  }
  // A value that the driver cannot send is a fault of ours, not of the connection.
  if (error instanceof TypeError || error instanceof RangeError) throw error
  const { code, message } = Object(error) as { code?: unknown; message?: unknown }
  const text = typeof message === 'string' ? message : ''
  if (typeof code === 'string') return new StoreUnavailableError(code, text)
  return new StoreUnavailableError(wordFor(text), text)
}

/** What the driver says without a code. */
const words: readonly (readonly [RegExp, string])[] = [
  [/timeout/i, 'timeout'],
  [/does not support SSL/i, 'tls_unsupported'],
  [/SASL|password must be a string|client password/i, 'password_missing'],
]

function wordFor(text: string): string {
  return words.find(([pattern]) => pattern.test(text))?.[1] ?? 'connection_lost'
}
