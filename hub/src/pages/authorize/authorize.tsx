// Where somebody lets a program of somebody else act for a merchant, or does not.

import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { type AccessRequest, accessRequest, decide } from '../../api/authorize.ts'
import { ApiFault } from '../../api/fault.ts'
import { Button } from '../../ui/button.tsx'
import { PageHead } from '../../ui/page.tsx'
import { Empty, FaultNotice, SkeletonRows } from '../../ui/states.tsx'
import { useAction } from '../../ui/use-action.ts'
import { words } from '../../words.ts'
import { Access, firstMerchant } from './access.tsx'

export function Authorize({ id }: { id: string }) {
  const asked = useQuery(accessRequest(id))
  if (isGone(asked.error)) return <Gone />
  if (asked.isError)
    return (
      <FaultNotice fault={asked.error} what={words.authorize.failed} again={() => void asked.refetch()} />
    )
  if (asked.data === undefined) return <SkeletonRows />
  return <Decision id={id} asked={asked.data} />
}

function isGone(error: unknown): boolean {
  return error instanceof ApiFault && error.status === 404
}

function Gone() {
  return (
    <div className="card">
      <Empty icon="app" title={words.authorize.gone}>
        {words.authorize.goneAbout}
      </Empty>
    </div>
  )
}

function Decision({ id, asked }: { id: string; asked: AccessRequest }) {
  const { client, redirect_origin: origin, merchants } = asked
  const [merchant, setMerchant] = useState(() => firstMerchant(asked))
  const action = useAction(
    (decision: Parameters<typeof decide>[1]) => decide(id, decision),
    (goesOn) => location.assign(goesOn),
  )
  if (isGone(action.fault)) return <Gone />
  const busy = action.isRunning && words.authorize.working
  return (
    <div className="max-w-[560px]">
      <PageHead title={words.authorize.title(client.name)} about={words.authorize.about(origin)} />
      <div className="card flex flex-col gap-5 p-6">
        {action.fault !== null && <FaultNotice fault={action.fault} what={words.authorize.failed} />}
        <Access asked={asked} merchant={merchant} choose={setMerchant} />
        <div className="flex flex-wrap gap-3">
          {merchants.length > 0 && (
            <Button
              kind="primary"
              busy={busy}
              onClick={() => action.run({ decision: 'grant', merchant_id: merchant })}
            >
              {words.authorize.grant}
            </Button>
          )}
          <Button busy={busy} onClick={() => action.run({ decision: 'decline' })}>
            {words.authorize.decline}
          </Button>
        </div>
      </div>
    </div>
  )
}
