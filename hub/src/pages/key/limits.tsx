import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { merchantById } from '../../api/merchants.ts'
import { patchKey, useTakeKey } from '../../api/keys.ts'
import { permissionTable } from '../../api/permissions.ts'
import type { Key } from '../../api/types.ts'
import { Button } from '../../ui/button.tsx'
import { FormDialog } from '../../ui/form-dialog.tsx'
import { useAction } from '../../ui/use-action.ts'
import { words } from '../../words.ts'
import { LimitsInForce } from '../limits/in-force.tsx'
import { isLimitTold, LimitFields, limitsAsked, wishOf } from '../limits/limit-fields.tsx'
import { ReasonField, type VerbProps } from './verbs.tsx'

/** For operators: what the platform allows is the platform's to say. */
export function LimitsDialog({ one, close, done }: VerbProps) {
  const take = useTakeKey()
  const { data } = useQuery(permissionTable)
  const [seen] = useState(one)
  const [wish, setWish] = useState(() => wishOf(one))
  const [reason, setReason] = useState('')
  const ofApi = data?.data.find(({ api }) => api === one.api)?.rate_limits ?? []
  const limits = ofApi.filter(({ per }) => per === 'key')
  const action = useAction(
    () => patchKey(seen, limitsAsked(wish, { before: seen, limits }), reason),
    (answer) => {
      take(answer)
      done?.(answer)
      close()
    },
  )
  return (
    <FormDialog
      title={words.limits.title}
      about={words.limits.about(one.name)}
      action={action}
      failed={words.limits.failed}
      isTold={isLimitTold(action.fault, limits)}
      isReady={data !== undefined}
      submit={words.common.save}
      close={close}
    >
      <LimitFields
        limits={limits}
        wish={wish}
        change={setWish}
        fault={action.fault}
        hint={({ rate }) => words.limits.usual(rate)}
      />
      <ReasonField value={reason} onChange={setReason} />
    </FormDialog>
  )
}

/** Those that hold for requests with a key: what it has itself counts before what its merchant has. */
export function KeyLimits({ one, ask }: { one: Key; ask: (() => void) | null }) {
  const { data: merchant } = useQuery(merchantById(one.merchant_id))
  const text = words.limits
  return (
    <LimitsInForce
      api={one.api}
      sources={[
        { label: text.ofKey, rates: one.rate_limits ?? {} },
        { label: text.ofMerchant, rates: merchant?.rate_limits ?? {} },
      ]}
      plan={merchant?.plan ?? null}
      inFlight={one.in_flight ?? null}
      quotas={merchant?.quotas ?? {}}
      actions={
        ask && (
          <Button isSmall onClick={ask}>
            {text.change}
          </Button>
        )
      }
    />
  )
}
