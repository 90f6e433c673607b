import { useState } from 'react'
import { newAttempt } from '../../api/attempt.ts'
import { rotateKey, useTakeKey } from '../../api/keys.ts'
import type { Key, KeyWithSecret } from '../../api/types.ts'
import { FormDialog } from '../../ui/form-dialog.tsx'
import { useAction } from '../../ui/use-action.ts'
import { words } from '../../words.ts'
import { GraceField, oneDay } from './grace-field.tsx'

interface RotateProps {
  readonly one: Key
  readonly close: () => void
  readonly rotated: (key: KeyWithSecret) => void
}

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
      <GraceField seconds={grace} change={setGrace} />
    </FormDialog>
  )
}
