// Where somebody lets a program of somebody else act for a merchant, or does not.

import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { type AccessRequest, accessRequest, decide } from '../../api/authorize.ts'
import { ApiFault } from '../../api/fault.ts'
import { Button } from '../../ui/button.tsx'
import { Field, Select } from '../../ui/field.tsx'
import { PageHead } from '../../ui/page.tsx'
import { Empty, FaultNotice, Notice, SkeletonRows } from '../../ui/states.tsx'
import { useAction } from '../../ui/use-action.ts'
import { words } from '../../words.ts'

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
  const { client, redirect_origin: origin, api, environment, permissions, merchants } = asked
  const [merchant, setMerchant] = useState(
    () => (merchants.find(({ granted }) => granted) ?? merchants[0])?.id ?? '',
  )
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
        <section aria-labelledby="may">
          <h2 id="may" className="text-sm font-medium text-ink">
            {words.authorize.may}
          </h2>
          <p className="text-[13px] text-ink-3">{words.authorize.environment(api, environment)}</p>
          <ul className="mt-2 list-disc pl-5 text-sm text-ink">
            {permissions.map(({ name, description }) => (
              <li key={name} className="break-words">
                {description} <code className="text-[13px] text-ink-3">{name}</code>
              </li>
            ))}
          </ul>
        </section>
        {merchants.length === 0 ? (
          <Notice tone="bad">{words.authorize.nobody}</Notice>
        ) : (
          <Field label={words.authorize.merchant} hint={words.authorize.later}>
            <Select value={merchant} onChange={(event) => setMerchant(event.target.value)}>
              {merchants.map(({ id: one, name, granted }) => (
                <option key={one} value={one}>
                  {granted ? words.authorize.granted(name) : name}
                </option>
              ))}
            </Select>
          </Field>
        )}
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
