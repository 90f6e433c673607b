import { useState } from 'react'
import { confirmTotp, type TotpOffer } from '../../api/security.ts'
import { useForget, useGuard } from '../../shell/keep-secret.ts'
import { Button } from '../../ui/button.tsx'
import { CopyLine } from '../../ui/copy.tsx'
import { Dialog, DialogActions } from '../../ui/dialog.tsx'
import { Field, Input } from '../../ui/field.tsx'
import { FormDialog } from '../../ui/form-dialog.tsx'
import { useAction } from '../../ui/use-action.ts'
import { accountWords } from '../../words/account.ts'
import { isRefused } from './proven.tsx'

const text = accountWords.security

/** Shown once, as the secret of a key. */
export function RecoveryCodes({ codes, close }: { codes: readonly string[]; close: () => void }) {
  useGuard(true)
  useForget(close)
  return (
    <Dialog title={text.codesTitle} about={text.codesAbout} onClose={() => undefined}>
      <CopyLine text={codes.join('\n')} label={text.codesTitle} />
      <DialogActions>
        <Button kind="primary" onClick={close}>
          {text.stored}
        </Button>
      </DialogActions>
    </Dialog>
  )
}

export function ConfirmTotp({ offer, close }: { offer: TotpOffer; close: () => void }) {
  const [code, setCode] = useState('')
  const [codes, setCodes] = useState<readonly string[] | null>(null)
  const action = useAction(
    () => confirmTotp(code),
    (answer) => setCodes(answer.recovery_codes),
  )
  const isWrong = isRefused(action.fault)
  if (codes !== null) return <RecoveryCodes codes={codes} close={close} />
  return (
    <FormDialog
      title={text.setUpTitle}
      about={text.setUpAbout}
      action={action}
      failed={text.setUpFailed}
      isTold={isWrong}
      submit={text.confirm}
      working={text.confirming}
      close={close}
    >
      <CopyLine text={offer.secret} label={text.secret} />
      <a href={offer.uri} className="self-start text-sm text-accent-ink hover:underline">
        {text.open}
      </a>
      <Field label={text.code} fault={isWrong ? text.wrongCode : undefined}>
        <Input
          required
          autoFocus
          inputMode="numeric"
          autoComplete="one-time-code"
          className="max-w-40 font-mono tracking-[0.2em]"
          value={code}
          onChange={(event) => setCode(event.target.value.replaceAll(/\s/g, ''))}
        />
      </Field>
    </FormDialog>
  )
}
