// A merchant as people see it.

import type { MerchantObject } from '../admin/admin-objects.ts'
import { rateLines } from '../rates.ts'
import { shortTime } from '../session.ts'
import { type Cell, renderFields } from '../table.ts'

/** One merchant with all that is known of it. */
export function merchantText(merchant: MerchantObject, isColoured: boolean): string {
  return renderFields(
    [
      ['id', merchant.id],
      ['name', merchant.name],
      ['status', statusCell(merchant.status)],
      ['created', shortTime(merchant.created_at)],
      ...limitFields(merchant),
    ],
    isColoured,
  )
}

/** What is said of it in place of what the file says. */
function limitFields(merchant: MerchantObject): [label: string, ...values: string[]][] {
  const { plan = null, rate_limits: rates = {}, in_flight: inFlight = null, quotas = {} } = merchant
  const months = Object.entries(quotas).map(([name, { requests }]) => `${name}: ${requests} a month`)
  const fields: [label: string, ...values: string[]][] = []
  if (plan !== null) fields.push(['plan', plan])
  if (Object.keys(rates).length > 0) fields.push(['rate limits', ...rateLines(rates)])
  if (inFlight !== null) fields.push(['in flight', String(inFlight)])
  if (months.length > 0) fields.push(['quotas', ...months])
  return fields
}

export function statusCell(status: string): Cell {
  return { text: status, colour: status === 'active' ? 'green' : 'yellow' }
}
