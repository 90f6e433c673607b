// Where figures of use are read from: each part of a time from the sums or from the rows themselves, as one list of rows that
// have the same columns. What is asked of one key is read from its rows: they stand together.

import { type LongSource, partsOf, type Range, type RangePart } from './activity-parts.ts'
import { callerOf, merchantOfCaller, readSummed, type SumKind } from './activity-sum-table.ts'
import { readTotalled } from './activity-total-table.ts'
import type { Queryable } from '../postgres.ts'
import type { Scope } from '../scope.ts'

export interface SourceFilter extends Range {
  /** What of the installation is asked about. */
  readonly scope: Scope
  /** Of a key, or of a client of the authorization server: its access tokens are counted by it. */
  readonly keyId?: string | undefined
  readonly merchantId?: string | undefined
  readonly api?: string | undefined
  readonly environment?: string | undefined
  /** Method and template. */
  readonly route?: string | undefined
  readonly outcome?: string | undefined
}

/** What rows are to be told apart by. */
export interface Sharpness {
  /** Whose they are: the column `name`. */
  readonly name: 'merchant' | 'key' | 'none'
  /** The shortest time that matters; `none`: the range alone. */
  readonly time: 'row' | 'hour' | 'day' | 'none'
}

/**
 * A SELECT of name, start, api, environment, route, outcome, count, and in `allowed` how many of these were let through; `put` takes a
 * value and gives its placeholder. Where it is asked for names alone, routes and outcomes may be empty.
 */
export async function sourceOf(
  db: Queryable,
  { filter, sharpness }: { readonly filter: SourceFilter; readonly sharpness: Sharpness },
  put: (value: unknown) => string,
): Promise<string> {
  const kind = kindOf(filter, sharpness)
  const parts =
    kind === undefined ? [rowsOnly(filter)] : await readParts(db, filter, spansFor(filter, sharpness))
  const from = (part: RangePart) => {
    if (kind === undefined || part.from === 'rows') return rowsOf(filter, part, { name: sharpness.name, put })
    return [sumsOf(filter, part, { kind, source: part.from, put })]
  }
  return parts.flatMap(from).join(' UNION ALL ')
}

/** Whether totals answer, which know of no routes and refusals. */
function isTotalled({ route, outcome }: SourceFilter, { name, time }: Sharpness): boolean {
  return name !== 'none' && time === 'none' && route === undefined && outcome === undefined
}

/** Of which the sums can answer; undefined: none. */
function kindOf(filter: SourceFilter, { name, time }: Sharpness): SumKind | undefined {
  if (filter.keyId !== undefined || time === 'row') return undefined
  // Of keys neither routes nor refusals are told apart.
  if (name === 'key') return filter.route === undefined && filter.outcome === undefined ? 'key' : undefined
  const isOfMerchants = name === 'merchant' || filter.merchantId !== undefined
  return isOfMerchants || filter.scope.merchantIds !== null ? 'merchant' : 'all'
}

function rowsOnly({ fromMs, toMs }: Range): RangePart {
  return { from: 'rows', fromMs, toMs }
}

async function readParts(
  db: Queryable,
  range: Range,
  spans: readonly LongSource[],
): Promise<readonly RangePart[]> {
  const parts = partsOf(range, { ...(await readSummed(db)), totals: await readTotalled(db) }, spans)
  // An empty range still has columns.
  return parts.length > 0 ? parts : [rowsOnly(range)]
}

function spansFor(filter: SourceFilter, sharpness: Sharpness): readonly LongSource[] {
  if (sharpness.time === 'hour') return ['hour']
  // Of days that are over there are totals, but for those of which the sums have just heard.
  const totals = ['total_four_weeks', 'total_week', 'total_day'] as const
  return isTotalled(filter, sharpness) ? [...totals, 'day', 'hour'] : ['day', 'hour']
}

type Put = (value: unknown) => string

function rowsOf(
  filter: SourceFilter,
  { fromMs, toMs }: Range,
  { name, put }: { readonly name: Sharpness['name']; readonly put: Put },
): string[] {
  const { scope, keyId, merchantId } = filter
  const from = put(new Date(fromMs))
  const to = put(new Date(toMs))
  const conditions = [...commonOf(filter, put)]
  if (keyId !== undefined) conditions.push(`a.key_id = ${put(keyId)}`)
  const isOf = (comparison: string) => isOfMerchant('a.key_id', comparison)
  if (merchantId !== undefined) conditions.push(isOf(`= ${put(merchantId)}`))
  if (scope.merchantIds !== null) conditions.push(isOf(`= ANY (${put(scope.merchantIds)}::text[])`))
  const joined = name === 'merchant' ? callerOf('a') : ''
  if (name === 'merchant') conditions.push(`${merchantOfCaller} IS NOT NULL`)
  const names = { merchant: merchantOfCaller, key: 'a.key_id', none: `''` } as const
  const select = (table: string, column: string, within: string) =>
    `SELECT ${names[name]} COLLATE "C" AS name, a.${column} AS start, a.api, a.environment, a.route, a.outcome, a.count, ${allowedOf}
     FROM ${table} a ${joined}
     WHERE ${[within, `a.${column} >= ${from}`, `a.${column} < ${to}`, ...conditions].join(' AND ')}`
  return [
    select('activity', 'minute', 'true'),
    // Both spans by name: the index begins with it.
    select('activity_rollup', 'start', `a.span IN ('hour', 'day')`),
  ]
}

const isOfMerchant = (id: string, comparison: string) =>
  `${id} IN (SELECT m.id FROM api_key m WHERE m.merchant_id ${comparison}
     UNION ALL SELECT m.id FROM oauth_client m WHERE m.merchant_id ${comparison}
     UNION ALL SELECT 'jwt_' || substr(m.id, 5) FROM merchant m WHERE m.id ${comparison})`

const allowedOf = `CASE WHEN a.outcome = 'allow' THEN a.count ELSE 0 END AS allowed`

interface SumsAsked {
  readonly kind: SumKind
  readonly source: LongSource
  readonly put: Put
}

function sumsOf(filter: SourceFilter, { fromMs, toMs }: Range, { kind, source, put }: SumsAsked): string {
  const table = source.startsWith('total_') ? 'activity_total' : 'activity_sum'
  const span = source.replace('total_', '')
  const { scope, merchantId } = filter
  const conditions = [
    `a.kind = '${kind}' AND a.span = '${span}' AND a.start >= ${put(new Date(fromMs))} AND a.start < ${put(new Date(toMs))}`,
    ...commonOf(filter, put),
  ]
  const isOf = (comparison: string) =>
    kind === 'key' ? isOfMerchant('a.name', comparison) : `a.name ${comparison}`
  if (merchantId !== undefined) conditions.push(isOf(`= ${put(merchantId)}`))
  if (scope.merchantIds !== null) conditions.push(isOf(`= ANY (${put(scope.merchantIds)}::text[])`))
  const rest =
    table === 'activity_total' ? `'', '', a.count, a.allowed` : `a.route, a.outcome, a.count, ${allowedOf}`
  return `SELECT a.name, a.start, a.api, a.environment, ${rest}
    FROM ${table} a WHERE ${conditions.join(' AND ')}`
}

function commonOf({ scope, api, environment, route, outcome }: SourceFilter, put: Put): string[] {
  return [
    ...(api === undefined ? [] : [`a.api = ${put(api)}`]),
    ...(environment === undefined ? [] : [`a.environment = ${put(environment)}`]),
    ...(route === undefined ? [] : [`a.route = ${put(route)}`]),
    ...(outcome === undefined ? [] : [`a.outcome = ${put(outcome)}`]),
    ...(scope.apis === null ? [] : [`a.api = ANY (${put(scope.apis)}::text[])`]),
  ]
}
