// What Postgres refuses for good, told apart from a server that does not answer: no waiting mends it, and each is said
// with the setting that does. Used at a start, in readiness, and wherever a failure becomes a line for people.

import { StatementError, StoreUnavailableError } from './postgres-errors.ts'

export interface Refusal {
  /** SQLSTATE, code of TLS, or a word. */
  readonly code: string
  /** What the server or the driver said; for the log: it may name users, databases and addresses. */
  readonly text: string
  /** Which setting mends it; names nothing of this installation. */
  readonly mend: string
}

const schema =
  'run `latchkey migrate`: the tables are missing or older than this program; or mend the search_path of the role, where they are in another schema'
const certificate =
  "check sslmode and sslrootcert of DATABASE_URL, and its host's name: the server's certificate does not pass"

/** By the beginning of the code, the first that fits. */
const mends: readonly (readonly [RegExp, string])[] = [
  [/^28P01$|^password_missing$/, 'check user and password in DATABASE_URL (`postgres` of the configuration)'],
  [
    /^28/,
    'check user, sslmode, sslcert and sslkey of DATABASE_URL, and pg_hba.conf of the server, which does not let this user in from here',
  ],
  [/^3D000$/, 'create the database, or name another one in DATABASE_URL'],
  [/^(?:3F000|42P01|42703|42883)$/, schema],
  [/^42501$/, 'grant the role of DATABASE_URL what this process needs'],
  [
    /^08P01$/,
    'check the pooler in between, which does not take what is asked of a connection (PgBouncer: ignore_startup_parameters)',
  ],
  [/^tls_unsupported$/, 'check sslmode of DATABASE_URL: the server has no TLS'],
  [
    /^(?:CERT_|ERR_TLS_|ERR_SSL_|ERR_OSSL_|DEPTH_ZERO_|SELF_SIGNED_|UNABLE_TO_(?:GET|VERIFY)_|HOSTNAME_MISMATCH)/,
    certificate,
  ],
]

/** What is known to pass by itself, and what it is, for those who read about it. */
const passing: readonly (readonly [RegExp, string])[] = [
  [
    /^25006$|^read_only$/,
    'the server only reads: a standby, or default_transaction_read_only; name the primary in DATABASE_URL',
  ],
  [/^53300$/, 'the server has no connection left: max_connections, or a pooler'],
  [/^57014$/, 'the statement took too long and was ended'],
  [/^not_migrated$/, 'the schema is older than what was asked for: its migration still waits for a lock'],
  [/^55P03$/, 'another transaction holds what is needed'],
  [/^57P0[1-3]$/, 'the server is starting or stopping'],
  [/^(?:ENOTFOUND|EAI_AGAIN)$/, "the host's name in DATABASE_URL does not resolve"],
  [/^(?:ECONNREFUSED|ENOENT)$/, 'nobody listens where DATABASE_URL leads'],
  [/^timeout$|^ETIMEDOUT$/, 'no answer in time'],
]

/** A pooler has this code for all that it says, also for a server that is away. */
const ofPoolers = '08P01'
const refusedByPooler =
  /unsupported startup parameter|no such (?:database|user)|auth(?:entication)? failed|login rejected|not allowed|required/i

/** What was refused for good; undefined: it may pass, or is no refusal at all. */
export function refusalOf(error: unknown): Refusal | undefined {
  if (!(error instanceof StoreUnavailableError)) return undefined
  if (error.code === ofPoolers && !refusedByPooler.test(error.text)) return undefined
  const mend = mends.find(([pattern]) => pattern.test(error.code))?.[1]
  return mend === undefined ? undefined : { code: error.code, text: error.text, mend }
}

/** A failure in one line for people: code, text, and what to look at where that is known. */
export function explainFailure(error: unknown): string {
  if (error instanceof StatementError) return error.message
  if (!(error instanceof StoreUnavailableError)) return error instanceof Error ? error.message : String(error)
  const { code, text } = error
  const hint = [...mends, ...passing].find(([pattern]) => pattern.test(code))?.[1]
  const said = text === '' ? code : `${code}: ${text}`
  return hint === undefined ? said : `${said} (${hint})`
}
