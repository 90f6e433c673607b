import { type FormEvent, useState } from 'react'
import { patchKey, useTakeKey } from '../../api/keys.ts'
import { faultOf } from '../../api/fault.ts'
import { Button } from '../../ui/button.tsx'
import { Dialog, DialogActions } from '../../ui/dialog.tsx'
import { Field, Input } from '../../ui/field.tsx'
import { FaultNotice } from '../../ui/states.tsx'
import { useAction } from '../../ui/use-action.ts'
import { words } from '../../words.ts'
import type { VerbProps } from './verbs.tsx'

export function RenameDialog({ one, close, done }: VerbProps) {
  const take = useTakeKey()
  const [seen] = useState(one)
  const [name, setName] = useState(one.name)
  const [owner, setOwner] = useState(one.owner ?? '')
  const hasOwner = one.owner !== undefined
  const isSame = name.trim() === one.name && owner.trim() === (one.owner ?? '')
  const action = useAction(
    () => patchKey(seen, { name: name.trim(), ...(hasOwner && { owner: owner.trim() || null }) }, ''),
    (answer) => {
      take(answer)
      done?.(answer)
      close()
    },
  )
  const wrong = faultOf(action.fault, '/name')
  const submit = (event: FormEvent): void => {
    event.preventDefault()
    action.run(undefined)
  }
  return (
    <Dialog title={words.edit.renameTitle} onClose={close}>
      <form onSubmit={submit} className="flex flex-col gap-4">
        {action.fault !== null && wrong === undefined && (
          <FaultNotice fault={action.fault} what={words.edit.renameFailed} />
        )}
        <Field label={words.newKey.name} hint={words.newKey.nameHint} fault={wrong}>
          <Input autoFocus value={name} onChange={(event) => setName(event.target.value)} />
        </Field>
        {hasOwner && (
          <Field
            label={`${words.edit.owner} (${words.common.optional})`}
            hint={words.edit.ownerHint}
            fault={faultOf(action.fault, '/owner')}
          >
            <Input value={owner} onChange={(event) => setOwner(event.target.value)} />
          </Field>
        )}
        <DialogActions>
          <Button onClick={close}>{words.common.cancel}</Button>
          <Button
            kind="primary"
            type="submit"
            disabled={name.trim() === '' || isSame}
            busy={action.isRunning && words.common.saving}
          >
            {words.common.save}
          </Button>
        </DialogActions>
      </form>
    </Dialog>
  )
}
