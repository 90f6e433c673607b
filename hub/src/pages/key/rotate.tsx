import { type FormEvent, useState } from 'react'
import { newAttempt } from '../../api/attempt.ts'
import { rotateKey, useTakeKey } from '../../api/keys.ts'
import type { Key, KeyWithSecret } from '../../api/types.ts'
import { Button } from '../../ui/button.tsx'
import { Dialog, DialogActions } from '../../ui/dialog.tsx'
import { Field, Select } from '../../ui/field.tsx'
import { FaultNotice, Notice } from '../../ui/states.tsx'
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
  const submit = (event: FormEvent): void => {
    event.preventDefault()
    action.run(undefined)
  }
  const options = Object.entries(words.rotate.graceOptions).toSorted(([a], [b]) => Number(a) - Number(b))
  return (
    <Dialog title={words.rotate.title(one.name)} about={words.rotate.about} onClose={close}>
      <form onSubmit={submit} className="flex flex-col gap-4">
        {action.fault !== null && <FaultNotice fault={action.fault} what={words.rotate.failed} />}
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
        <DialogActions>
          <Button onClick={close}>{words.common.cancel}</Button>
          <Button kind="primary" type="submit" busy={action.isRunning && words.rotate.working}>
            {words.rotate.submit}
          </Button>
        </DialogActions>
      </form>
    </Dialog>
  )
}
