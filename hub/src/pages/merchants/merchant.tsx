import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { merchantById } from '../../api/merchants.ts'
import { useUser } from '../../api/session.ts'
import type { Merchant } from '../../api/types.ts'
import { Link } from '../../router.tsx'
import { Back, Detail } from '../../shell/detail.tsx'
import { Badge } from '../../ui/badge.tsx'
import { Button, buttonClass } from '../../ui/button.tsx'
import { CopyButton } from '../../ui/copy.tsx'
import { PageHead, Section } from '../../ui/page.tsx'
import { Notice } from '../../ui/states.tsx'
import { Time } from '../../ui/time.tsx'
import { words } from '../../words.ts'
import { Fact } from '../key/facts.tsx'
import { LimitsInForce } from '../limits/in-force.tsx'
import { QuotasUsed } from '../limits/quota-use.tsx'
import { LimitsDialog, RenameDialog } from './change.tsx'
import { ActDialog } from './merchant-table.tsx'

const text = words.merchants

export function MerchantDetail({ id }: { id: string }) {
  return (
    <Detail
      found={useQuery(merchantById(id))}
      icon="store"
      back={<BackToMerchants />}
      failed={text.failed}
      goneTitle={text.goneTitle}
      gone={() => text.gone}
    >
      {(one) => <MerchantPage one={one} />}
    </Detail>
  )
}

function BackToMerchants() {
  return <Back to="/operator/merchants">{text.back}</Back>
}

function MerchantPage({ one }: { one: Merchant }) {
  const user = useUser()
  const [asked, setAsked] = useState<'act' | 'rename' | 'limits' | null>(null)
  const close = (): void => setAsked(null)
  const isAdmin = (user.role ?? 'admin') === 'admin'
  const isActive = one.status === 'active'
  return (
    <>
      <PageHead
        above={<BackToMerchants />}
        title={one.name}
        beside={
          <Badge tone={isActive ? 'good' : 'warn'} {...(!isActive && { icon: 'pause' as const })}>
            {text.status[one.status]}
          </Badge>
        }
        actions={
          isAdmin && (
            <>
              <Button onClick={() => setAsked('rename')}>{text.rename}</Button>
              <Button
                kind={isActive ? 'warning' : 'plain'}
                icon={isActive ? 'pause' : 'play'}
                onClick={() => setAsked('act')}
              >
                {isActive ? text.suspend : text.resume}
              </Button>
            </>
          )
        }
      />
      {!isActive && (
        <div className="mb-6">
          <Notice tone="warn">{words.shell.suspended}</Notice>
        </div>
      )}
      <div className="no-print mb-6 flex flex-wrap gap-2">
        {[
          [`/developers?merchant=${one.id}`, text.keys],
          [`/developers/activity?merchant=${one.id}`, text.activity],
          [`/team?merchant=${one.id}`, text.team],
        ].map(([to = '', label = '']) => (
          <Link key={to} to={to} className={buttonClass('plain', true)}>
            {label}
          </Link>
        ))}
      </div>
      <div className="grid items-start gap-6 lg:grid-cols-[minmax(0,1fr)_320px]">
        <div className="min-w-0">
          <LimitsInForce
            sources={[{ label: words.limits.ofMerchant, rates: one.rate_limits ?? {} }]}
            plan={one.plan ?? null}
            inFlight={one.in_flight ?? null}
            quotas={one.quotas ?? {}}
            actions={
              isAdmin && (
                <Button isSmall onClick={() => setAsked('limits')}>
                  {words.limits.change}
                </Button>
              )
            }
          />
          <QuotasUsed merchant_id={one.id} />
        </div>
        <div className="min-w-0">
          <Facts one={one} />
        </div>
      </div>
      {asked === 'act' && <ActDialog one={one} close={close} />}
      {asked === 'rename' && <RenameDialog one={one} close={close} />}
      {asked === 'limits' && <LimitsDialog one={one} close={close} />}
    </>
  )
}

function Facts({ one }: { one: Merchant }) {
  return (
    <Section title={text.facts}>
      <dl className="card divide-y text-[13px]">
        <Fact name={text.id}>
          <span className="flex min-w-0 items-center justify-end gap-1">
            <code className="truncate">{one.id}</code>
            <CopyButton text={one.id} label={text.copyId} isQuiet />
          </span>
        </Fact>
        <Fact name={words.limits.plan}>{one.plan ?? words.limits.noPlan}</Fact>
        <Fact name={words.key.created}>
          <Time at={one.created_at} />
        </Fact>
      </dl>
    </Section>
  )
}
