// A key as people see it. Of a secret it shows the prefix and the last four characters; the whole one only where the
// API has just given it out.

import type { KeyObject, KeyWithSecret, SecretObject } from '../admin/admin-objects.ts'
import { rateLines } from '../rates.ts'
import { shortTime } from '../session.ts'
import { type Cell, type Field, renderFields, renderTable } from '../table.ts'
import { printable } from '../../errors/printable.ts'

const listHeader = ['ID', 'NAME', 'MERCHANT', 'API', 'ENV', 'STATUS', 'KEY', 'EXPIRES', 'LAST USED']

/** Many keys, a line each. `nowMs` tells which have expired. */
export function keyTable(keys: readonly KeyObject[], nowMs: number, isColoured: boolean): string {
  const rows = keys.map((key): Cell[] => [
    key.id,
    key.name,
    key.merchant_id,
    key.api,
    key.environment,
    statusCell(key, nowMs),
    hidden(key.prefix, key.last4),
    shortTime(key.expires_at, 'never'),
    shortTime(key.last_used_at),
  ])
  return renderTable(listHeader, rows, isColoured)
}

/** One key with all that is known of it. */
export function keyText(key: KeyObject, nowMs: number, isColoured: boolean): string {
  return renderFields(
    [
      ['id', key.id],
      ['name', key.name],
      ['merchant', key.merchant_id],
      ['api', key.api],
      ['environment', key.environment],
      ['status', statusCell(key, nowMs)],
      ['permissions', ...key.permissions],
      ...limitFields(key),
      ['created', shortTime(key.created_at)],
      ['expires', shortTime(key.expires_at, 'never')],
      ['last used', shortTime(key.last_used_at, 'never')],
      ['revision', String(key.revision)],
      ...aboutFields(key),
      ['secrets', ...key.secrets.map((secret) => secretLine(key.prefix, secret))],
    ],
    isColoured,
  )
}

/** What is said of it beside what the file says of all. */
function limitFields({
  allowed_ips: addresses = [],
  rate_limits: rates = {},
  in_flight: inFlight = null,
}: KeyObject): [label: string, ...values: string[]][] {
  const limits = rateLines(rates)
  const fields: [label: string, ...values: string[]][] = []
  if (addresses.length > 0) fields.push(['allowed from', ...addresses])
  if (limits.length > 0) fields.push(['rate limits', ...limits])
  if (inFlight !== null) fields.push(['in flight', String(inFlight)])
  return fields
}

/** What earlier versions do not say, and what there is none of, is left out. */
function aboutFields({ owner, created_by: maker, exposed_at: exposedAt, metadata = {} }: KeyObject): Field[] {
  const pairs = Object.entries(metadata).map(([name, text]) => `${name}=${text}`)
  return [
    ...(typeof owner === 'string' ? [['owner', owner] as const] : []),
    ...(typeof maker === 'string' ? [['created by', maker] as const] : []),
    ...(typeof exposedAt === 'string'
      ? [['exposed', { text: `since ${shortTime(exposedAt)}: rotate it`, colour: 'red' }] as const]
      : []),
    ...(pairs.length > 0 ? [['metadata', ...pairs] as const] : []),
  ]
}

/** A key with its new secret, and the hint to keep it. */
export function newSecretText(key: KeyWithSecret, nowMs: number, isColoured: boolean): string {
  const old = key.secrets.find(({ expires_at: end }) => end !== null)
  const until = old ? `The old secret works until ${shortTime(old.expires_at)}.\n` : ''
  return `${keyText(key, nowMs, isColoured)}
secret  ${printable(key.secret)}

Store the secret now: it is not shown again.
${until}`
}

function secretLine(prefix: string, secret: SecretObject): string {
  const end = secret.expires_at === null ? 'current' : `works until ${shortTime(secret.expires_at)}`
  return `${hidden(prefix, secret.last4)}  ${end}, last used ${shortTime(secret.last_used_at, 'never')}`
}

function hidden(prefix: string, last4: string | null): string {
  return `${prefix}…${last4 ?? ''}`
}

function statusCell(key: KeyObject, nowMs: number): Cell {
  if (key.status === 'revoked') return { text: 'revoked', colour: 'red' }
  if (key.status !== 'active') return { text: key.status, colour: 'yellow' }
  const isExpired = key.expires_at !== null && Date.parse(key.expires_at) <= nowMs
  return isExpired ? { text: 'expired', colour: 'red' } : { text: 'active', colour: 'green' }
}
