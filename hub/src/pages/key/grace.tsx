import { useState } from 'react'
import { moveGrace, useTakeKey } from '../../api/keys.ts'
import { Field, Select } from '../../ui/field.tsx'
import { FormDialog } from '../../ui/form-dialog.tsx'
import { useAction } from '../../ui/use-action.ts'
import { words } from '../../words.ts'
import { ReasonField, type VerbProps } from './verbs.tsx'

/** How much longer, or shorter, the old secret works. */
export function GraceDialog({ one, close, done }: VerbProps) {
  const text = words.rotate
  const [seconds, setSeconds] = useState('86400')
  const [reason, setReason] = useState('')
  const take = useTakeKey()
  const action = useAction(
    () => moveGrace(one.id, Number(seconds), reason),
    (answer) => {
      take(answer)
      done?.(answer)
      close()
    },
  )
  return (
    <FormDialog
      title={text.graceTitle}
      about={text.graceAbout}
      action={action}
      failed={text.graceFailed}
      submit={text.graceSubmit}
      close={close}
    >
      <Field label={text.graceFromNow}>
        <Select value={seconds} onChange={(event) => setSeconds(event.target.value)}>
          {Object.entries(text.graceOptions)
            .filter(([value]) => value !== '0')
            .toSorted(([a], [b]) => Number(a) - Number(b))
            .map(([value, label]) => (
              <option key={value} value={value}>
                {label}
              </option>
            ))}
        </Select>
      </Field>
      <ReasonField value={reason} onChange={setReason} />
    </FormDialog>
  )
}
