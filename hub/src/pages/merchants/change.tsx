// What is changed of a merchant: its name; and how much it may ask for, by a plan of the file and by itself.

import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { faultOf } from '../../api/fault.ts'
import { patchMerchant } from '../../api/merchants.ts'
import { permissionTable } from '../../api/permissions.ts'
import type { Merchant, RateLimit } from '../../api/types.ts'
import { Field, Select } from '../../ui/field.tsx'
import { TextField } from '../../ui/text-field.tsx'
import { FormDialog } from '../../ui/form-dialog.tsx'
import { useAction } from '../../ui/use-action.ts'
import { words } from '../../words.ts'
import { ReasonField } from '../key/verbs.tsx'
import { isLimitTold, LimitFields, limitsAsked, wishOf } from '../limits/limit-fields.tsx'

interface ChangeProps {
  readonly one: Merchant
  readonly close: () => void
}

function useAgain(): (one: Merchant) => void {
  const client = useQueryClient()
  return ({ id }) => {
    void client.invalidateQueries({ queryKey: ['merchants'] })
    void client.invalidateQueries({ queryKey: ['merchant', id] })
  }
}

export function RenameDialog({ one, close }: ChangeProps) {
  const again = useAgain()
  const [name, setName] = useState(one.name)
  const action = useAction(
    () => patchMerchant(one.id, { name: name.trim() }, ''),
    (answer) => {
      again(answer)
      close()
    },
  )
  const wrong = faultOf(action.fault, '/name')
  return (
    <FormDialog
      title={words.merchants.rename}
      action={action}
      failed={words.merchants.actFailed}
      isTold={wrong !== undefined}
      submit={words.common.save}
      isReady={name.trim() !== '' && name.trim() !== one.name}
      close={close}
    >
      <TextField label={words.merchants.name} fault={wrong} autoFocus value={name} change={setName} />
    </FormDialog>
  )
}

export function LimitsDialog({ one, close }: ChangeProps) {
  const again = useAgain()
  const { data } = useQuery(permissionTable)
  const limits = limitsOf(data?.data ?? [])
  const [plan, setPlan] = useState(one.plan ?? '')
  const [wish, setWish] = useState(() => wishOf(one))
  const [reason, setReason] = useState('')
  const action = useAction(
    () => {
      const asked = limitsAsked(wish, { before: one, limits })
      return patchMerchant(one.id, { plan: plan === '' ? null : plan, ...asked }, reason)
    },
    (answer) => {
      again(answer)
      close()
    },
  )
  const plans = [...new Set([...(data?.plans ?? []), ...(one.plan ? [one.plan] : [])])]
  return (
    <FormDialog
      title={words.limits.planTitle}
      about={words.limits.about(one.name)}
      action={action}
      failed={words.merchants.actFailed}
      isTold={faultOf(action.fault, '/plan') !== undefined || isLimitTold(action.fault, limits)}
      isReady={data !== undefined}
      submit={words.common.save}
      close={close}
    >
      <Field label={words.limits.plan} fault={faultOf(action.fault, '/plan')}>
        <Select value={plan} onChange={(event) => setPlan(event.target.value)}>
          <option value="">{words.limits.noPlan}</option>
          {plans.map((name) => (
            <option key={name} value={name}>
              {name}
            </option>
          ))}
        </Select>
      </Field>
      <LimitFields
        limits={limits}
        wish={wish}
        change={setWish}
        fault={action.fault}
        hint={() => words.limits.usualOfPlan}
      />
      <ReasonField value={reason} onChange={setReason} />
    </FormDialog>
  )
}

/** Of all APIs: one of a name stands for all of that name. */
function limitsOf(apis: readonly { readonly rate_limits?: readonly RateLimit[] }[]): readonly RateLimit[] {
  const all = apis.flatMap(({ rate_limits: limits = [] }) => limits)
  const named = new Map(
    all.filter(({ per }) => per === 'key' || per === 'merchant').map((one) => [one.name, one]),
  )
  return [...named.values()]
}
