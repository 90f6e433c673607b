// The two ways in which Postgres fails, so that a caller can tell "no answer" from "a wrong question". Neither error
// carries the connection URL, a value of a statement or the driver's own error object.

import { DatabaseError } from 'pg'

/** No answer from a writable database: the request may be right, and may succeed later. */
export class StoreUnavailableError extends Error {
  override readonly name = 'StoreUnavailableError'
  /** SQLSTATE, a code of the operating system, or a word such as `timeout`. */
  readonly code: string

  constructor(code: string) {
    super(`Postgres is unavailable: ${code}`)
    this.code = code
  }
}

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
 * a lock timeout (55P03), and a database or schema that is not there yet (3D000, 42P01).
 */
const unavailable = /^(?:08|28|53|57|58)|^(?:25006|55000|55P03|3D000|42P01)$/

/** What a failure of the driver is here. Throws what is a fault of ours. */
export function failureOf(error: unknown): StoreUnavailableError | StatementError {
  if (error instanceof DatabaseError && error.code !== undefined) {
    const { code, message, constraint = null } = error
    return unavailable.test(code)
      ? new StoreUnavailableError(code)
      : new StatementError({ code, message, constraint })
  }
  // A value that the driver cannot send is a fault of ours, not of the connection.
  if (error instanceof TypeError || error instanceof RangeError) throw error
  const { code, message } = Object(error) as { code?: unknown; message?: unknown }
  if (typeof code === 'string') return new StoreUnavailableError(code)
  return new StoreUnavailableError(/timeout/i.test(String(message)) ? 'timeout' : 'connection_lost')
}
