import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { endGrant, type Grant, grantList } from '../../api/grants.ts'
import { mayChange, useUser } from '../../api/session.ts'
import { useMerchantId } from '../../shell/merchant.tsx'
import { Ask } from '../../ui/ask.tsx'
import { Button } from '../../ui/button.tsx'
import { PageHead } from '../../ui/page.tsx'
import { Empty, FaultNotice, SkeletonRows } from '../../ui/states.tsx'
import { Time } from '../../ui/time.tsx'
import { words } from '../../words.ts'

export function OAuth() {
  return (
    <>
      <PageHead title={words.oauth.title} about={words.oauth.about} />
      <Grants />
    </>
  )
}

function Grants() {
  const found = useQuery(grantList(useMerchantId()))
  if (found.isError)
    return <FaultNotice fault={found.error} what={words.oauth.failed} again={() => void found.refetch()} />
  const grants = found.data?.data ?? []
  return (
    <div className="card overflow-hidden">
      {found.isPending && <SkeletonRows rows={3} columns={3} />}
      {found.data && grants.length === 0 && (
        <Empty icon="app" title={words.oauth.emptyTitle}>
          {words.oauth.empty}
        </Empty>
      )}
      {grants.length > 0 && (
        <ul className="divide-y">
          {grants.map((one) => (
            <GrantRow key={one.id} one={one} />
          ))}
        </ul>
      )}
    </div>
  )
}

function GrantRow({ one }: { one: Grant }) {
  const user = useUser()
  const client = useQueryClient()
  const [isEnding, setEnding] = useState(false)
  return (
    <li className="flex min-h-[57px] flex-wrap items-center gap-x-3 gap-y-1 px-4 py-2.5 text-[13px]">
      <span className="min-w-0 flex-1">
        <span className="block truncate font-medium">
          {one.client_name} · {one.merchant_name} · {one.environment}
        </span>
        <span className="block text-ink-3">
          {words.oauth.grantedBy(one.email)} <Time at={one.created_at} />
        </span>
        <span className="block text-ink-3">{one.permissions.join(', ')}</span>
      </span>
      {mayChange(user, one.merchant_id) && (
        <Button
          isSmall
          aria-label={words.oauth.endOf(one.client_name, one.merchant_name)}
          onClick={() => setEnding(true)}
        >
          {words.oauth.end}
        </Button>
      )}
      {isEnding && (
        <Ask
          title={words.oauth.endTitle(one.client_name)}
          about={words.oauth.endAbout(one.merchant_name)}
          submit={words.oauth.end}
          working={words.oauth.ending}
          failed={words.oauth.endFailed}
          act={() => endGrant(one.id)}
          done={() => void client.invalidateQueries({ queryKey: ['grants'] })}
          close={() => setEnding(false)}
        />
      )}
    </li>
  )
}
