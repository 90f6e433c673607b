// What one request at the token endpoint writes is one unit: what it uses up and what it makes for it, in one transaction, once the
// answer is known. A request that fails, or loses its database on the way, has done nothing, and can be made again. So is what is
// written when a browser comes back from granting: what was asked goes, and a code is there.

import { AsyncLocalStorage } from 'node:async_hooks'
import { errors, type KoaContextWithOIDC, Provider } from 'oidc-provider'
import { commitTraced, transactionOf } from '../store/commit-table.ts'
import type { Postgres, Queryable } from '../store/postgres.ts'
import { StoreUnavailableError } from '../store/postgres-errors.ts'
import { type Routed, unavailable } from './applied.ts'
import { errorPage } from './error-page.ts'

export type Write = (tx: Queryable) => Promise<void>

/** What was to be used up has been used up by somebody else meanwhile. */
export class UsedBeforeError extends Error {
  override readonly name = 'UsedBeforeError'
  /** What it hangs on; null: on nothing. */
  readonly grantId: string | null

  constructor(grantId: string | null) {
    super('it was used before')
    this.grantId = grantId
  }
}

export interface UnitDeps {
  readonly db: Postgres
  /** Ends a grant with all that hangs on it, everywhere. */
  endGrant(id: string): Promise<void>
  /** What failed inside, for the log. */
  failed(error: unknown): void
}

type Context = Pick<KoaContextWithOIDC, 'status' | 'body' | 'set' | 'type' | 'remove'> & Routed

const units = new WeakMap<object, Write[]>()
const routes: ReadonlySet<string> = new Set(['token', 'resume'])

/** The transaction of whoever decides what is under way: see `writeWithin`. */
const joined = new AsyncLocalStorage<Queryable>()

/** What `work` writes by the adapter takes place in this transaction. */
export function writeWithin<T>(tx: Queryable, work: () => Promise<T>): Promise<T> {
  return joined.run(tx, work)
}

/** With all else that the request writes, where it is one of these; elsewhere at once. Throws what is answered. */
export async function writeInUnit(deps: Pick<UnitDeps, 'db' | 'endGrant'>, write: Write): Promise<void> {
  const tx = joined.getStore()
  if (tx !== undefined) return write(tx)
  const context = Provider.ctx
  if (context === undefined || !routes.has(context.oidc.route)) return commit(deps, [write])
  const unit = units.get(context) ?? []
  units.set(context, unit)
  unit.push(write)
}

/** Around each request: an answer with tokens or a code leaves only once all that it rests on is written. */
export async function commitUnit(
  deps: UnitDeps,
  context: Context,
  next: () => Promise<unknown>,
): Promise<void> {
  await next()
  const writes = units.get(context)
  // A browser is led on with 303, also where somebody has declined.
  if (writes === undefined || context.status >= 400) return
  try {
    await commit(deps, writes)
  } catch (error) {
    answerFailure(deps, context, error)
  }
}

async function commit({ db, endGrant }: Pick<UnitDeps, 'db' | 'endGrant'>, writes: readonly Write[]) {
  try {
    await commitTraced(db, async (tx, trace) => {
      for (const write of writes) await write(tx)
      return trace(await transactionOf(tx), undefined)
    })
  } catch (error) {
    if (error instanceof StoreUnavailableError) throw unavailable(error)
    if (!(error instanceof UsedBeforeError)) throw error
    // Two at once: whoever comes second has what was used already (RFC 6749 §4.1.2, RFC 9700 §4.14).
    if (error.grantId !== null) await endGrant(error.grantId)
    throw new errors.InvalidGrant(error.message)
  }
}

/** As oidc-provider answers what fails before (RFC 6749 §5.2). */
function answerFailure({ failed }: UnitDeps, context: Context, error: unknown): void {
  const told =
    error instanceof errors.OIDCProviderError ? error : new errors.OIDCProviderError(500, 'server_error')
  if (told !== error) failed(error)
  const { error: code, error_description: description } = told
  const out = { error: code, ...(description !== undefined && { error_description: description }) }
  context.status = told.statusCode
  if (context.oidc?.route === 'token') {
    context.body = out
    return
  }
  context.remove('location')
  errorPage(context, out)
}
