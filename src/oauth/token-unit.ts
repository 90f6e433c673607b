// What one request at the token endpoint writes is one unit: what it uses up and what it makes for it, in one transaction, once the
// answer is known. A request that fails, or loses its database on the way, has done nothing, and can be made again.

import { errors, type KoaContextWithOIDC, Provider } from 'oidc-provider'
import { commitTraced, transactionOf } from '../store/commit-table.ts'
import type { Postgres, Queryable } from '../store/postgres.ts'
import { StoreUnavailableError } from '../store/postgres-errors.ts'
import { unavailable } from './applied.ts'

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

type Context = Pick<KoaContextWithOIDC, 'status' | 'body'>

const units = new WeakMap<object, Write[]>()

/** With all else that the request at the token endpoint writes; elsewhere at once. Throws what is answered. */
export async function writeInUnit(deps: Pick<UnitDeps, 'db' | 'endGrant'>, write: Write): Promise<void> {
  const context = Provider.ctx
  if (context?.oidc.route !== 'token') return commit(deps, [write])
  const unit = units.get(context) ?? []
  units.set(context, unit)
  unit.push(write)
}

/** Around each request: an answer with tokens leaves only once all that it rests on is written. */
export async function commitUnit(
  deps: UnitDeps,
  context: Context,
  next: () => Promise<unknown>,
): Promise<void> {
  await next()
  const writes = units.get(context)
  if (writes === undefined || context.status !== 200) return
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
  context.status = told.statusCode
  context.body = { error: code, ...(description !== undefined && { error_description: description }) }
}
