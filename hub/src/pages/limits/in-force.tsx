// Which limits hold for a key or a merchant, and who said so: it itself, its merchant, or its plan and the file.

import { useQuery } from '@tanstack/react-query'
import type { ReactNode } from 'react'
import { permissionTable } from '../../api/permissions.ts'
import type { QuotaOverrides, RateLimit, RateOverrides } from '../../api/types.ts'
import { Section } from '../../ui/page.tsx'
import { Table, Td, Th, Tr } from '../../ui/table.tsx'
import { figure, words } from '../../words.ts'

const text = words.limits

export interface LimitSource {
  /** Such as: of this key. */
  readonly label: string
  readonly rates: RateOverrides
}

interface InForceProps {
  /** Of this API alone. */
  readonly api?: string
  /** The nearest first. */
  readonly sources: readonly LimitSource[]
  readonly plan: string | null
  readonly inFlight: number | null
  readonly quotas: QuotaOverrides
  readonly actions?: ReactNode
}

export function LimitsInForce({ api, sources, plan, inFlight, quotas, actions }: InForceProps) {
  const { data } = useQuery(permissionTable)
  const limits = (data?.data ?? [])
    .filter((one) => api === undefined || one.api === api)
    .flatMap((one) => (one.rate_limits ?? []).map((limit) => ({ api: one.api, limit })))
  const rows = [
    ...limits.map(({ api: name, limit }) => rateRow({ name, limit, sources, plan })),
    ...(inFlight === null
      ? []
      : [{ key: 'in flight', name: text.inFlight, rate: figure(inFlight), source: sources[0]?.label ?? '' }]),
    ...Object.entries(quotas).map(([name, { requests }]) => ({
      ...{
        key: `quota ${name}`,
        name: text.quota(name),
        rate: text.aMonth(requests),
        source: text.ofMerchant,
      },
    })),
  ]
  return (
    <Section title={text.title} about={plan === null ? undefined : text.ofPlan(plan)} actions={actions}>
      <div className="card overflow-hidden">
        {rows.length === 0 ? (
          <p className="px-4 py-3 text-[13px] text-ink-3">{text.noneInForce}</p>
        ) : (
          <Table
            caption={text.title}
            head={
              <>
                <Th>{text.columns.name}</Th>
                <Th>{text.columns.rate}</Th>
                <Th shown="roomy">{text.columns.source}</Th>
              </>
            }
          >
            {rows.map((row) => (
              <Tr key={row.key}>
                <Td className="break-words">{row.name}</Td>
                <Td className="font-mono">{row.rate}</Td>
                <Td shown="roomy" className="text-ink-2">
                  {row.source}
                </Td>
              </Tr>
            ))}
          </Table>
        )}
      </div>
    </Section>
  )
}

interface RateOf {
  readonly name: string
  readonly limit: RateLimit
  readonly sources: readonly LimitSource[]
  readonly plan: string | null
}

function rateRow({ name, limit, sources, plan }: RateOf) {
  const source = sources.find(({ rates }) => rates[limit.name] !== undefined)
  const said = source?.rates[limit.name]?.rate
  return {
    key: `${name} ${limit.name}`,
    name: text.rateOf(name, limit.name, limit.per),
    rate: said ?? limit.rate,
    source: source?.label ?? (plan === null ? text.ofFile : text.ofPlanOrFile),
  }
}
