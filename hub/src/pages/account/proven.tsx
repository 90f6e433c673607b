// What changes how an account is entered: it may want the password again.

import { useQuery, useQueryClient } from '@tanstack/react-query'
import { type ReactNode, useState } from 'react'
import { ownSessions } from '../../api/account.ts'
import { ApiFault } from '../../api/fault.ts'
import { type Proof, proofOf, security } from '../../api/security.ts'
import { Field, Input } from '../../ui/field.tsx'
import { FormDialog } from '../../ui/form-dialog.tsx'
import { useAction } from '../../ui/use-action.ts'
import { words } from '../../words.ts'
import { accountWords } from '../../words/account.ts'

const text = accountWords.security

export function useAgain(): () => void {
  const client = useQueryClient()
  // What changes how an account is entered ends its other sessions.
  return () => {
    void client.invalidateQueries({ queryKey: security.queryKey })
    void client.invalidateQueries({ queryKey: ownSessions.queryKey })
  }
}

interface ProvenProps<Output> {
  readonly title: string
  readonly submit: string
  readonly working: string
  readonly failed: string
  readonly act: (proof: Proof) => Promise<Output>
  readonly done: (output: Output) => void
  readonly close: () => void
  readonly children?: ReactNode
}

/** In the account, where somebody is signed in, it is a password or a code that was wrong. */
export function isRefused(fault: unknown): boolean {
  return fault instanceof ApiFault && fault.code === 'SIGN_IN_FAILED'
}

/** A change that wants the password again where the sign-in was a while ago. */
export function Proven<Output>(props: ProvenProps<Output>) {
  const [password, setPassword] = useState('')
  const [totp, setTotp] = useState('')
  const { data } = useQuery(security)
  const action = useAction(() => props.act(proofOf(password, totp)), props.done)
  const isWrong = isRefused(action.fault)
  return (
    <FormDialog
      title={props.title}
      action={action}
      failed={props.failed}
      isTold={isWrong}
      submit={props.submit}
      working={props.working}
      close={props.close}
    >
      {props.children}
      {data?.password !== false && (
        <Field
          label={`${text.wantsPassword} (${words.common.optional})`}
          fault={isWrong ? accountWords.account.wrong : undefined}
        >
          <Input
            type="password"
            autoComplete="current-password"
            value={password}
            onChange={(event) => setPassword(event.target.value)}
          />
        </Field>
      )}
      {data?.password !== false && (
        <Field label={`${words.signIn.totp} (${words.common.optional})`} hint={words.signIn.totpHint}>
          <Input
            autoComplete="one-time-code"
            value={totp}
            onChange={(event) => setTotp(event.target.value.trim())}
          />
        </Field>
      )}
    </FormDialog>
  )
}
