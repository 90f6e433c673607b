// Which limits hold for a key or a merchant, and who said so: it itself, its merchant, or its plan and the file.

import { useQuery } from '@tanstack/react-query'
import type { ReactNode } from 'react'
import { permissionTable } from '../../api/permissions.ts'
import type { Quota, QuotaOverrides, RateLimit, RateOverrides } from '../../api/types.ts'
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
  const apis = (data?.data ?? []).filter((one) => api === undefined || one.api === api)
  const rows: readonly Row[] = [
    ...apis.flatMap((one) =>
      (one.rate_limits ?? []).map((limit) => rateRow({ api: one.api, limit, sources, plan })),
    ),
    ...apis.flatMap((one) =>
      (one.quotas ?? []).map((quota) => quotaRow({ api: one.api, quota, quotas, plan })),
    ),
    ...(inFlight === null
      ? []
      : [{ key: 'in flight', name: text.inFlight, most: figure(inFlight), source: sources[0]?.label ?? '' }]),
  ]
  return (
    <Section title={text.title} actions={actions}>
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
                <Td className="font-mono">{row.most}</Td>
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

interface Row {
  readonly key: string
  readonly name: string
  readonly most: string
  readonly source: string
}

interface RateOf {
  readonly api: string
  readonly limit: RateLimit
  readonly sources: readonly LimitSource[]
  readonly plan: string | null
}

function rateRow({ api, limit, sources, plan }: RateOf): Row {
  const source = sources.find(({ rates }) => rates[limit.name] !== undefined)
  const said = source?.rates[limit.name]?.rate
  const ofPlan = plan === null ? undefined : limit.plans?.[plan]
  return {
    key: `rate ${api} ${limit.name}`,
    name: text.rateOf(api, limit.name, limit.per),
    most: said ?? ofPlan ?? limit.rate,
    source: source?.label ?? (ofPlan === undefined || plan === null ? text.ofFile : text.ofPlan(plan)),
  }
}

interface QuotaOf {
  readonly api: string
  readonly quota: Quota
  readonly quotas: QuotaOverrides
  readonly plan: string | null
}

function quotaRow({ api, quota, quotas, plan }: QuotaOf): Row {
  const said = quotas[quota.name]?.requests
  const ofPlan = plan === null ? undefined : quota.plans[plan]
  return {
    key: `quota ${api} ${quota.name}`,
    name: text.quotaOf(api, quota.name, quota.per),
    most: text.aMonth(said ?? ofPlan ?? quota.requests),
    source:
      said !== undefined
        ? text.ofMerchant
        : ofPlan === undefined || plan === null
          ? text.ofFile
          : text.ofPlan(plan),
  }
}
