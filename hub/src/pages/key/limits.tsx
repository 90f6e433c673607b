import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { faultOf } from '../../api/fault.ts'
import { patchKey, useTakeKey } from '../../api/keys.ts'
import { permissionTable } from '../../api/permissions.ts'
import { FormDialog } from '../../ui/form-dialog.tsx'
import { useAction } from '../../ui/use-action.ts'
import { words } from '../../words.ts'
import { LimitFields, limitsAsked, wishOf } from '../limits/limit-fields.tsx'
import { ReasonField, type VerbProps } from './verbs.tsx'

/** For operators: what the platform allows is the platform's to say. */
export function LimitsDialog({ one, close, done }: VerbProps) {
  const take = useTakeKey()
  const { data } = useQuery(permissionTable)
  const [seen] = useState(one)
  const [wish, setWish] = useState(() => wishOf(one))
  const [reason, setReason] = useState('')
  const limits = data?.data.find(({ api }) => api === one.api)?.rate_limits ?? []
  const action = useAction(
    () => patchKey(seen, limitsAsked(wish, seen), reason),
    (answer) => {
      take(answer)
      done?.(answer)
      close()
    },
  )
  const isTold = faultOf(action.fault, '/rate_limits') ?? faultOf(action.fault, '/in_flight')
  return (
    <FormDialog
      title={words.limits.title}
      about={words.limits.about(one.name)}
      action={action}
      failed={words.limits.failed}
      isTold={isTold !== undefined}
      submit={words.common.save}
      close={close}
    >
      <LimitFields
        limits={limits.filter(({ per }) => per === 'key')}
        wish={wish}
        change={setWish}
        fault={action.fault}
        hint={({ rate }) => words.limits.usual(rate)}
      />
      <ReasonField value={reason} onChange={setReason} />
    </FormDialog>
  )
}
