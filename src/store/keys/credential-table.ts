// Digest → credential record: the one question of the data plane.

import type { CallerLimits } from '../../credentials/caller-limits.ts'
import { merchantOfDigest } from '../../credentials/merchant-digest.ts'
import type {
  CredentialKind,
  CredentialRecord,
  KeyStatus,
  MerchantStatus,
  TokenPart,
} from '../../credentials/record.ts'
import { endOfToken } from '../oauth/access-token-table.ts'
import type { Queryable } from '../postgres.ts'
import { StoreUnavailableError } from '../postgres-errors.ts'
import { milliseconds } from '../session.ts'
import { keyLimitsOf, merchantLimitsOf, noKeyLimits } from './limit-table.ts'

export interface CredentialPage {
  /** Epoch of the very database that was asked: connections may lead to another one than the feed's. */
  readonly epoch: string
  /** The database's revision in the very snapshot that the records were read from. */
  readonly revision: number
  /** By digest, lower-case hex. A digest that is not in it belongs to no secret. */
  readonly records: Map<string, CredentialRecord>
}

interface Row {
  readonly epoch: string
  readonly head: number
  /** null: none of the digests is known. */
  readonly digest: string | null
  readonly secret_id: string
  readonly secret_expires_at: number | null
  readonly key_id: string
  readonly merchant_id: string
  readonly api: string
  readonly environment: string
  readonly status: KeyStatus
  readonly merchant_status: MerchantStatus
  readonly permissions: string[]
  readonly expires_at: number | null
  readonly limits: CallerLimits | null
  readonly token: TokenPart | null
  readonly revision: number
}

// A secret ended by hand gets the beginning of time, so that an instance whose clock is late refuses it too.
const keysOf = (limits: string, joins: string) => `
      SELECT encode(s.digest, 'hex') AS digest, s.id AS secret_id,
        CASE WHEN s.is_ended THEN 0 ELSE ${milliseconds('s.expires_at')} END AS secret_expires_at,
        k.id AS key_id, k.merchant_id, k.api, k.environment, k.status, m.status AS merchant_status,
        k.permissions, ${milliseconds('k.expires_at')} AS expires_at, greatest(k.revision, m.revision) AS revision,
        ${limits} AS limits, NULL::jsonb AS token
      FROM key_secret s
      JOIN api_key k ON k.id = s.key_id
      JOIN merchant m ON m.id = k.merchant_id
      ${joins}
      WHERE s.digest = ANY ($1::bytea[])`

/** `quota`: the row of what is said of a merchant's quotas; empty: there is no such table yet. */
const joinOf = (quota: string, merchant: string) =>
  quota === '' ? '' : `LEFT JOIN merchant_quota ${quota} ON ${quota}.merchant_id = ${merchant}`

// Of an access token: its client, in place of the key; its grant, or its client, in place of the secret. What has ended it is final.
const tokensWith = (quota: string) => `
      SELECT encode(t.digest, 'hex'), coalesce(t.grant_id, t.client_id), NULL, t.client_id, t.merchant_id, t.api,
        t.environment, CASE WHEN t.ended IS NULL THEN 'active' ELSE 'revoked' END, m.status, t.permissions,
        ${milliseconds('t.expires_at')}, greatest(t.revision, t.ended, m.revision),
        ${limitsWith(quota)},
        jsonb_build_object('id', t.id, 'userId', t.person_id, 'grantId', t.grant_id, 'jkt', t.jkt)
      FROM (SELECT t.*, ${endOfToken('t')} AS ended FROM access_token t WHERE t.digest = ANY ($1::bytea[])) t
      JOIN merchant m ON m.id = t.merchant_id
      LEFT JOIN key_limit kl ON kl.key_id = t.client_id
      LEFT JOIN merchant_limit ml ON ml.merchant_id = t.merchant_id
      ${joinOf(quota, 't.merchant_id')}`

// Of a merchant alone, for tokens of outside issuers (credentials/merchant-digest.ts): of no API, and without permissions of its own.
const merchantsWith = (limits: string, joins: string) => `
      SELECT rpad(encode(convert_to(m.id, 'UTF8'), 'hex'), 64, '0'), 'jwt_' || substr(m.id, 5), NULL, 'jwt_' || substr(m.id, 5), m.id, '',
        'merchant', 'active', m.status, '{}'::text[], NULL, m.revision, ${limits}, NULL
      FROM merchant m ${joins} WHERE m.id = ANY ($2::text[])`

function merchantLimitsWith(quota: string): string {
  return merchantsWith(
    limitsWith(quota),
    `LEFT JOIN key_limit kl ON false
      LEFT JOIN merchant_limit ml ON ml.merchant_id = m.id
      ${joinOf(quota, 'm.id')}`,
  )
}

const union = (...parts: readonly string[]) => parts.join('\n      UNION ALL')

const textOf = (found: string) => `
    SELECT head.epoch, head.revision AS head, found.*
    FROM (SELECT epoch || database_lineage() AS epoch, revision FROM head) head LEFT JOIN (${found}
    ) found ON true`

/** Of the rows `kl`, of a key or client, and `ml` and `quota`, of its merchant. */
function limitsWith(quota: string): string {
  const merchant = ['ml', quota]
    .filter((row) => row !== '')
    .map((row) => `${row}.merchant_id IS NOT NULL`)
    .join(' OR ')
  return `CASE WHEN kl.key_id IS NOT NULL OR ${merchant} THEN
          CASE WHEN kl.key_id IS NULL THEN '${JSON.stringify(noKeyLimits)}'::jsonb ELSE ${keyLimitsOf('kl')} END
          || jsonb_build_object('merchant', CASE WHEN ${merchant} THEN ${merchantLimitsOf('ml', quota)} END)
        END`
}

function keysWith(quota: string): string {
  return keysOf(
    limitsWith(quota),
    `LEFT JOIN key_limit kl ON kl.key_id = k.id
      LEFT JOIN merchant_limit ml ON ml.merchant_id = k.merchant_id
      ${joinOf(quota, 'k.merchant_id')}`,
  )
}

/** The newest first: a gateway serves while migrations are still to come, and never applies them. */
const statements = [
  {
    name: 'read_credentials',
    text: textOf(union(keysWith('mq'), tokensWith('mq'), merchantLimitsWith('mq'))),
  },
  // Before migration 24: nobody can have said a quota.
  {
    name: 'read_credentials_23',
    text: textOf(union(keysWith(''), tokensWith(''), merchantLimitsWith(''))),
  },
  // Before migration 21: there are no tokens.
  { name: 'read_credentials_20', text: textOf(union(keysWith(''), merchantLimitsWith(''))) },
  // Before migration 16: nobody can have said a limit.
  {
    name: 'read_credentials_15',
    text: textOf(union(keysOf('NULL::jsonb', ''), merchantsWith('NULL::jsonb', ''))),
  },
] as const

const undefinedTable = '42P01'

async function ask(db: Queryable, values: unknown[]): Promise<Row[]> {
  for (const statement of statements) {
    try {
      return await db.query<Row>(statement, values)
    } catch (error) {
      const isMissing = error instanceof StoreUnavailableError && error.code === undefinedTable
      if (!isMissing || statement === statements.at(-1)) throw error
    }
  }
  throw new Error('No statement to ask with')
}

/**
 * The records of `digests` (lower-case hex SHA-256 of whole secrets, or where a merchant is looked up), usable or not: ended secrets have their
 * `secretExpiresAtMs` in the past, ended tokens are revoked. A record's revision is that of the last change of its key or its merchant.
 * Throws StoreUnavailableError.
 */
export async function readCredentials(db: Queryable, digests: readonly string[]): Promise<CredentialPage> {
  const merchants = digests.flatMap((digest) => merchantOfDigest(digest) ?? [])
  const rows = await ask(db, [digests.map((digest) => Buffer.from(digest, 'hex')), merchants])
  const records = new Map<string, CredentialRecord>()
  for (const row of rows) {
    if (row.digest !== null) records.set(row.digest, recordOf(row))
  }
  return { epoch: rows[0]?.epoch ?? '', revision: rows[0]?.head ?? 0, records }
}

function kindOf({ token, api }: Row): CredentialKind {
  if (token !== null) return 'access_token'
  return api === '' ? 'merchant' : 'api_key'
}

function recordOf(row: Row): CredentialRecord {
  return {
    kind: kindOf(row),
    keyId: row.key_id,
    secretId: row.secret_id,
    merchantId: row.merchant_id,
    api: row.api,
    environment: row.environment,
    status: row.status,
    merchantStatus: row.merchant_status,
    permissions: row.permissions,
    expiresAtMs: row.expires_at,
    secretExpiresAtMs: row.secret_expires_at,
    limits: row.limits,
    token: row.token,
    revision: row.revision,
  }
}
