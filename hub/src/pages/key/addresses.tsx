import { useState } from 'react'
import { ApiFault } from '../../api/fault.ts'
import { patchKey, useTakeKey } from '../../api/keys.ts'
import { Field, TextArea } from '../../ui/field.tsx'
import { FormDialog } from '../../ui/form-dialog.tsx'
import { useAction } from '../../ui/use-action.ts'
import { words } from '../../words.ts'
import { ReasonField, type VerbProps } from './verbs.tsx'

/** From where a key may be used. */
export function AddressesDialog({ one, close, done }: VerbProps) {
  const take = useTakeKey()
  const [seen] = useState(one)
  const [text, setText] = useState((one.allowed_ips ?? []).join('\n'))
  const [reason, setReason] = useState('')
  const lines = text.split(/[\s,]+/).filter((line) => line !== '')
  const action = useAction(
    () => patchKey(seen, { allowed_ips: lines }, reason),
    (answer) => {
      take(answer)
      done?.(answer)
      close()
    },
  )
  const wrong = action.fault instanceof ApiFault ? wrongLine(action.fault, lines) : undefined
  return (
    <FormDialog
      title={words.edit.addressesTitle}
      about={words.edit.addressesAbout(one.name)}
      action={action}
      failed={words.edit.addressesFailed}
      isTold={wrong !== undefined}
      submit={words.common.save}
      working={words.common.saving}
      close={close}
    >
      <Field label={words.edit.addresses} hint={words.edit.addressesHint} fault={wrong}>
        <TextArea
          rows={5}
          autoFocus
          spellCheck={false}
          className="font-mono text-[13px]"
          value={text}
          onChange={(event) => setText(event.target.value)}
        />
      </Field>
      <ReasonField value={reason} onChange={setReason} />
    </FormDialog>
  )
}

/** `/allowed_ips/2 is …` → the line itself, and what is wrong with it. */
function wrongLine({ details }: ApiFault, lines: readonly string[]): string | undefined {
  const found = details.find(({ path }) => path.startsWith('/allowed_ips'))
  if (found === undefined) return undefined
  const line = lines[Number(found.path.split('/')[2])]
  return `${line ?? ''} ${found.message}`.trim()
}
