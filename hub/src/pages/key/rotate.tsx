import { useState } from 'react'
import { newAttempt } from '../../api/attempt.ts'
import { rotateKey, useTakeKey } from '../../api/keys.ts'
import type { Key, KeyWithSecret } from '../../api/types.ts'
import { Field, Select } from '../../ui/field.tsx'
import { Notice } from '../../ui/states.tsx'
import { FormDialog } from '../../ui/form-dialog.tsx'
import { useAction } from '../../ui/use-action.ts'
import { words } from '../../words.ts'

interface RotateProps {
  readonly one: Key
  readonly close: () => void
  readonly rotated: (key: KeyWithSecret) => void
}

const oneDay = '86400'

export function RotateDialog({ one, close, rotated }: RotateProps) {
  const [attempt] = useState(newAttempt)
  const [grace, setGrace] = useState(oneDay)
  const take = useTakeKey()
  const action = useAction(
    () => rotateKey(one.id, Number(grace), attempt),
    (answer) => {
      take(answer)
      close()
      rotated(answer)
    },
  )
  const options = Object.entries(words.rotate.graceOptions).toSorted(([a], [b]) => Number(a) - Number(b))
  return (
    <FormDialog
      title={words.rotate.title(one.name)}
      about={words.rotate.about}
      action={action}
      failed={words.rotate.failed}
      submit={words.rotate.submit}
      working={words.rotate.working}
      close={close}
    >
      <Field label={words.rotate.grace}>
        <Select value={grace} onChange={(event) => setGrace(event.target.value)}>
          {options.map(([seconds, label]) => (
            <option key={seconds} value={seconds}>
              {label}
            </option>
          ))}
        </Select>
      </Field>
      {grace === '0' && <Notice tone="warn">{words.rotate.atOnce}</Notice>}
    </FormDialog>
  )
}
