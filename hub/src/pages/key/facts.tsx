import type { ReactNode } from 'react'
import type { Key } from '../../api/types.ts'
import { useUser } from '../../api/session.ts'
import { useMerchantName } from '../../shell/merchant.tsx'
import { CopyButton } from '../../ui/copy.tsx'
import { Section } from '../../ui/page.tsx'
import { Time } from '../../ui/time.tsx'
import { figure, words } from '../../words.ts'

export function Facts({ one }: { one: Key }) {
  const user = useUser()
  const merchant = useMerchantName(one.merchant_id)
  const text = words.key
  return (
    <Section title={text.facts}>
      <dl className="card divide-y text-[13px]">
        <Fact name={text.id}>
          <span className="flex min-w-0 items-center justify-end gap-1">
            <code className="truncate">{one.id}</code>
            <CopyButton text={one.id} label={words.keys.copyId} isQuiet />
          </span>
        </Fact>
        {(user.kind === 'operator' || user.merchants.length > 1) && (
          <Fact name={words.common.merchant}>{merchant}</Fact>
        )}
        <Fact name={text.api}>{one.api}</Fact>
        <Fact name={text.created}>
          <Time at={one.created_at} />
        </Fact>
        {one.created_by && <Fact name={text.createdBy}>{one.created_by}</Fact>}
        {one.owner && <Fact name={text.owner}>{one.owner}</Fact>}
        <Fact name={text.lastUsed}>
          <Time at={one.last_used_at} never={words.common.never} />
        </Fact>
        <Fact name={text.expires}>
          <Time at={one.expires_at} never={text.neverExpires} />
        </Fact>
        {one.allowed_ips !== undefined && (
          <Fact name={text.addresses}>
            {one.allowed_ips.length === 0 ? text.anywhere : <code>{one.allowed_ips.join(', ')}</code>}
          </Fact>
        )}
        {Object.entries(one.rate_limits ?? {}).map(([name, { rate }]) => (
          <Fact key={name} name={`${text.limits}: ${name}`}>
            {rate}
          </Fact>
        ))}
        {typeof one.in_flight === 'number' && <Fact name={text.inFlight}>{figure(one.in_flight)}</Fact>}
        {Object.entries(one.metadata ?? {}).map(([name, value]) => (
          <Fact key={name} name={name}>
            {value}
          </Fact>
        ))}
      </dl>
    </Section>
  )
}

export function Fact({ name, children }: { name: string; children: ReactNode }) {
  return (
    <div className="flex min-h-10 items-center justify-between gap-4 px-4 py-1.5">
      <dt className="shrink-0 text-ink-3">{name}</dt>
      <dd className="min-w-0 text-right break-words text-ink">{children}</dd>
    </div>
  )
}
