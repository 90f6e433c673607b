// What people have allowed clients. Codes, refresh tokens and access tokens hang on it, and end with it.

import { deny, DenialError } from '../../errors/denial.ts'
import { type Page, type PageRequest, pageOf } from '../page.ts'
import type { Queryable } from '../postgres.ts'
import { refuseViewer, type Scope } from '../scope.ts'
import { milliseconds } from '../session.ts'

/** Times in milliseconds since the epoch. */
export interface StoredGrant {
  readonly id: string
  readonly clientId: string
  readonly personId: string
  readonly merchantId: string
  readonly permissions: readonly string[]
  readonly createdAtMs: number
  readonly expiresAtMs: number
}

/** As people see it. */
export interface ShownGrant extends StoredGrant {
  readonly clientName: string
  readonly api: string
  readonly environment: string
  readonly email: string
  readonly merchantName: string
}

const columns = `g.id, g.client_id AS "clientId", g.person_id AS "personId", g.merchant_id AS "merchantId", g.permissions,
  ${milliseconds('g.created_at')} AS "createdAtMs", ${milliseconds('g.expires_at')} AS "expiresAtMs"`

const isLive = 'g.ended_at IS NULL AND g.expires_at > now()'

/** undefined: there is none that lasts. */
export async function findGrant(db: Queryable, id: string): Promise<StoredGrant | undefined> {
  const rows = await db.query<StoredGrant>(
    `SELECT ${columns} FROM oauth_grant g WHERE g.id = $1 AND ${isLive}`,
    [id],
  )
  return rows[0]
}

export interface NewGrant
  extends Pick<StoredGrant, 'id' | 'clientId' | 'personId' | 'merchantId' | 'permissions'> {
  readonly lifetimeSeconds: number
}

export async function insertGrant(tx: Queryable, grant: NewGrant): Promise<void> {
  const { id, clientId, personId, merchantId, permissions, lifetimeSeconds } = grant
  await tx.query(
    `INSERT INTO oauth_grant (id, client_id, person_id, merchant_id, permissions, created_at, expires_at)
     VALUES ($1, $2, $3, $4, $5, now(), now() + $6 * interval '1 second')`,
    [id, clientId, personId, merchantId, permissions, lifetimeSeconds],
  )
}

/** It lasts for as long at least. */
export async function prolongGrant(tx: Queryable, id: string, lifetimeSeconds: number): Promise<void> {
  await tx.query(
    `UPDATE oauth_grant SET expires_at = greatest(expires_at, now() + $2 * interval '1 second')
     WHERE id = $1 AND ended_at IS NULL`,
    [id, lifetimeSeconds],
  )
}

/**
 * A grant that may be used now: undefined where it, or what it rests on, has ended. All of it is locked until the end of the
 * transaction, in the order in which others lock who end it.
 */
export async function lockUsableGrant(tx: Queryable, id: string): Promise<StoredGrant | undefined> {
  const grant = await findGrant(tx, id)
  if (grant === undefined) return undefined
  const isUsable = await areThere(tx, [
    ...restsOf(grant),
    [`SELECT FROM merchant WHERE id = $1 AND status = 'active'`, [grant.merchantId]],
    // One at a time: the refresh token that is made next prolongs it.
    ['SELECT FROM oauth_grant WHERE id = $1 AND ended_at IS NULL FOR NO KEY UPDATE', [id]],
  ])
  return isUsable ? grant : undefined
}

/**
 * Whether somebody may still grant what is inserted next in the transaction: whoever ends that meanwhile waits, and then ends the
 * grant, too; where it was ended before, the session is gone with it.
 */
export async function lockGranting(
  tx: Queryable,
  by: Pick<StoredGrant, 'clientId' | 'personId' | 'merchantId'> & { readonly sessionId: string },
): Promise<boolean> {
  return areThere(tx, [
    ...restsOf(by),
    ['SELECT FROM hub_session WHERE id = $1 AND person_id = $2', [by.sessionId, by.personId]],
  ])
}

type Asked = readonly [string, readonly string[]]

/** What a grant rests on, locked in the order in which others lock who end it. */
function restsOf({
  clientId,
  personId,
  merchantId,
}: Pick<StoredGrant, 'clientId' | 'personId' | 'merchantId'>): readonly Asked[] {
  return [
    [`SELECT FROM oauth_client WHERE id = $1 AND status = 'active' FOR SHARE`, [clientId]],
    ['SELECT FROM person WHERE id = $1 AND disabled_at IS NULL FOR SHARE', [personId]],
    [
      `SELECT FROM membership WHERE person_id = $1 AND merchant_id = $2 AND role = 'admin' FOR SHARE`,
      [personId, merchantId],
    ],
  ]
}

/** Asked one by one, as each locks. */
async function areThere(tx: Queryable, all: readonly Asked[]): Promise<boolean> {
  for (const [text, values] of all) {
    if ((await tx.query(text, values)).length === 0) return false
  }
  return true
}

export interface GrantsOf {
  readonly id?: string
  readonly clientId?: string
  readonly personId?: string
  readonly merchantId?: string
}

/**
 * Ends all that fit; access tokens are the caller's to end. Returns their ids. The codes and refresh tokens that hang on them, of
 * which a busy client has very many, are none from then on, and go later.
 */
export async function endGrantsOf(tx: Queryable, by: GrantsOf): Promise<readonly string[]> {
  const { id = null, clientId = null, personId = null, merchantId = null } = by
  const rows = await tx.query<{ id: string }>(
    `UPDATE oauth_grant g SET ended_at = now() WHERE g.ended_at IS NULL
       AND ($1::text IS NULL OR g.id = $1) AND ($2::text IS NULL OR g.client_id = $2)
       AND ($3::text IS NULL OR g.person_id = $3) AND ($4::text IS NULL OR g.merchant_id = $4)
       AND num_nonnulls($1::text, $2::text, $3::text, $4::text) > 0
     RETURNING g.id`,
    [id, clientId, personId, merchantId],
  )
  return rows.map((row) => row.id)
}

export interface GrantView {
  readonly scope: Scope
  /** Of whom; undefined: of all in the scope. */
  readonly personId?: string | undefined
  readonly merchantId?: string | undefined
}

const shown = `SELECT ${columns}, c.name AS "clientName", c.api, c.environment, p.email, r.name AS "merchantName"
  FROM oauth_grant g JOIN oauth_client c ON c.id = g.client_id JOIN person p ON p.id = g.person_id
  JOIN merchant r ON r.id = g.merchant_id`

function conditions({ scope, personId, merchantId }: GrantView, put: (value: unknown) => string): string {
  return [
    isLive,
    ...(scope.merchantIds === null ? [] : [`g.merchant_id = ANY (${put(scope.merchantIds)}::text[])`]),
    ...(scope.apis === null ? [] : [`c.api = ANY (${put(scope.apis)}::text[])`]),
    ...(personId === undefined ? [] : [`g.person_id = ${put(personId)}`]),
    ...(merchantId === undefined ? [] : [`g.merchant_id = ${put(merchantId)}`]),
  ].join(' AND ')
}

/** Those that last, newest first: of a client, person and merchant the newest. The cursor is the id of the last one seen. */
export async function listGrants(
  db: Queryable,
  view: GrantView,
  page: PageRequest<string>,
): Promise<Page<ShownGrant>> {
  const values: unknown[] = []
  const put = (value: unknown) => `$${values.push(value)}`
  const where = conditions(view, put)
  const rows = await db.query<ShownGrant>(
    `SELECT * FROM (SELECT DISTINCT ON ("clientId", "personId", "merchantId") * FROM (${shown} WHERE ${where}) fit
       ORDER BY "clientId", "personId", "merchantId", id DESC) one
     WHERE ${page.after === null ? 'true' : `id < ${put(page.after)}`} ORDER BY id DESC LIMIT ${put(page.limit + 1)}`,
    values,
  )
  return pageOf(rows, page.limit)
}

/** Throws NOT_FOUND where there is none that lasts, or none that is seen; FORBIDDEN where its merchant is only looked at. */
export async function mustGetGrant(db: Queryable, id: string, view: GrantView): Promise<ShownGrant> {
  const values: unknown[] = [id]
  const where = conditions(view, (value) => `$${values.push(value)}`)
  const rows = await db.query<ShownGrant>(`${shown} WHERE g.id = $1 AND ${where}`, values)
  if (rows[0]) return rows[0]
  if (view.scope.viewedIds !== undefined) refuseViewer(view.scope, (await findGrant(db, id))?.merchantId)
  throw new DenialError(deny('NOT_FOUND', 'unknown_grant'))
}

/** Forgets grants that ended more than `keptMs` ago, `most` at most; returns how many. */
export async function pruneGrants(db: Queryable, keptMs: number, most: number): Promise<number> {
  const rows = await db.query(
    `DELETE FROM oauth_grant WHERE id IN (
       SELECT id FROM oauth_grant WHERE expires_at < now() - $1 * interval '1 millisecond' LIMIT $2) RETURNING id`,
    [keptMs, most],
  )
  return rows.length
}
