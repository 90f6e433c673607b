// `latchkey quotas`: what was used of quotas in a month.

import type { Command } from 'commander'
import { checked, QuotaUsageObject } from './admin/admin-objects.ts'
import { parseCount } from './duration.ts'
import { addVerb, type OutputFlags, type Session, showRows } from './session.ts'
import type { Cell } from './table.ts'

interface QuotaFlags extends OutputFlags {
  readonly merchant?: string
  readonly api?: string
  readonly env?: string
  readonly quota?: string
  readonly month?: string
  readonly limit: number
}

const defaultLimit = 50

export function registerQuotas(program: Command, session: Session): void {
  addVerb(program, {
    name: 'quotas',
    about: 'show what was used of quotas this month, the nearest to its end first',
    example:
      'latchkey quotas --merchant mer_01K8ZX3V9Q\n  $ latchkey quotas --api flintn --month 2026-11 --limit 10',
  })
    .option('--merchant <id>', 'of this merchant and its keys')
    .option('--api <name>', 'of this API')
    .option('--env <environment>', 'of this environment')
    .option('--quota <name>', 'of this quota')
    .option('--month <month>', 'of a month (UTC), such as 2026-11')
    .option('--limit <count>', 'at most so many rows', parseCount, defaultLimit)
    .action(async (flags: QuotaFlags) => {
      const { merchant, api, env, quota, month, limit } = flags
      const query = { merchant_id: merchant, api, environment: env, quota, month }
      const call = { doing: 'read the use of quotas', path: '/quotas', query }
      const answer = await session.connect().list(call, limit)
      const header = ['MERCHANT', 'KEY', 'API', 'ENVIRONMENT', 'QUOTA', 'USED', 'OF', 'PERCENT', 'WARNED AT']
      showRows(session, flags, { answer, header, rowOf: (one) => rowOf(checked(QuotaUsageObject, one)) })
      if (answer.next_cursor !== null)
        session.io.stderr(`the first ${limit}; there are more: --limit, or a narrower filter\n`)
    })
}

function rowOf(usage: QuotaUsageObject): Cell[] {
  const { merchant_id: merchant, key_id: key = '-', api, environment, quota, warned_at: warned } = usage
  const warnedAt = warned.length === 0 ? '-' : warned.map((step) => `${step} %`).join(', ')
  return [
    ...[merchant, key, api, environment, quota],
    ...[String(usage.used), String(usage.requests), usage.percent.toFixed(2), warnedAt],
  ]
}
