// Keys by the thousand, written straight into Postgres: nobody has to be told of keys that nobody has asked for yet.

import { hash } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Client } from 'pg'
import { generateSecret, Secret } from '../src/credentials/secret.ts'
import type { Bench } from './bench.ts'
import { withClient } from './stores.ts'

export interface KeyList {
  readonly secrets: readonly string[]
  /** The same, one a line. */
  readonly file: string
}

const prefix = 'pk_live_'
const batch = 10_000
/** Of the keys that are asked for. */
const keysPerMerchant = 10
const fillersMerchant = `mer_${'0'.repeat(26)}`

/** Makes well-formed secrets that no database knows. */
export function makeSecrets({ folder }: Pick<Bench, 'folder'>, name: string, count: number): KeyList {
  const secrets = Array.from({ length: count }, () => Secret.reveal(generateSecret(prefix)))
  const file = join(folder, `${name}.keys`)
  writeFileSync(file, `${secrets.join('\n')}\n`)
  return { secrets, file }
}

export interface Seed {
  readonly known: KeyList
  /** Keys of which only the digest is there: they fill the tables and are never asked for. */
  readonly fillers: number
}

/**
 * Writes keys into a database that a gateway has migrated: the known ones of many merchants, the fillers of one. The known
 * ones lie scattered among the fillers, so that asking for them does not always hit the same pages.
 */
export async function seedKeys(url: string, { known, fillers }: Seed): Promise<void> {
  await withClient(url, async (client) => {
    // Nothing here breaks a reference, and to look each one up would take most of the time.
    await client.query('SET session_replication_role = replica')
    await client.query(
      `INSERT INTO merchant (id, name, status, created_at, revision)
       SELECT 'mer_' || lpad(n::text, 26, '0'), 'Bench', 'active', now(), 0 FROM generate_series(0, $1::int) n
       ON CONFLICT DO NOTHING`,
      [Math.floor(known.secrets.length / keysPerMerchant)],
    )
    const steps = Math.max(1, Math.ceil(Math.max(known.secrets.length, fillers) / batch))
    for (let step = 0; step < steps; step++) {
      await insertKnown(client, shareOf(known.secrets.length, step, steps), known.secrets)
      await insertFillers(client, shareOf(fillers, step, steps))
    }
    await client.query('VACUUM (ANALYZE) api_key, key_secret, merchant')
  })
}

interface Range {
  readonly from: number
  /** Not included. */
  readonly to: number
}

/** The part of `count` that belongs to one of `steps`. */
export function shareOf(count: number, step: number, steps: number): Range {
  return { from: Math.floor((count * step) / steps), to: Math.floor((count * (step + 1)) / steps) }
}

const keyColumns =
  'id, merchant_id, api, environment, name, status, prefix, permissions, created_at, revision'
const keyValues = `'flintn', 'live', 'Bench', 'active', '${prefix}', '{transaction.read}', now(), 0`

async function insertKnown(client: Client, { from, to }: Range, secrets: readonly string[]): Promise<void> {
  const part = secrets.slice(from, to)
  const values = [
    part.map((_, i) => String(from + i).padStart(26, '0')),
    part.map((secret) => hash('sha256', secret, 'buffer')),
    part.map((secret) => secret.slice(-4)),
    part.map((_, i) => `mer_${String(Math.floor((from + i) / keysPerMerchant)).padStart(26, '0')}`),
  ]
  await client.query(
    `WITH given AS (SELECT * FROM unnest($1::text[], $2::bytea[], $3::text[], $4::text[]) AS given (name, digest, last4, merchant)),
       keys AS (INSERT INTO api_key (${keyColumns}) SELECT 'key_' || name, merchant, ${keyValues} FROM given)
     INSERT INTO key_secret (id, key_id, digest, last4, created_at)
     SELECT 'sec_' || name, 'key_' || name, digest, last4, now() FROM given`,
    values,
  )
}

async function insertFillers(client: Client, { from, to }: Range): Promise<void> {
  await client.query(
    `WITH given AS (SELECT 'filler_' || n AS name FROM generate_series($1::bigint, $2::bigint) n),
       keys AS (INSERT INTO api_key (${keyColumns}) SELECT 'key_' || name, '${fillersMerchant}', ${keyValues} FROM given)
     INSERT INTO key_secret (id, key_id, digest, last4, created_at)
     SELECT 'sec_' || name, 'key_' || name, sha256(name::bytea), '0000', now() FROM given`,
    [from, to - 1],
  )
}
