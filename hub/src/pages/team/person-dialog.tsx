// Somebody is let in: an address and a role, and then the link that they come by.

import { useState } from 'react'
import { faultOf } from '../../api/fault.ts'
import type { OneTimeLink } from '../../api/team.ts'
import { CopyLine } from '../../ui/copy.tsx'
import { Button } from '../../ui/button.tsx'
import { Dialog, DialogActions } from '../../ui/dialog.tsx'
import { Choice } from '../../ui/field.tsx'
import { TextField } from '../../ui/text-field.tsx'
import { FormDialog } from '../../ui/form-dialog.tsx'
import { Notice } from '../../ui/states.tsx'
import { useAction } from '../../ui/use-action.ts'
import { words } from '../../words.ts'

type Purpose = 'invitation' | 'password'
type Made = OneTimeLink & { readonly email: string }

interface PersonDialogProps<Role extends string> {
  readonly title: string
  readonly about?: string
  readonly submit: string
  readonly working: string
  readonly failed: string
  readonly purpose: Purpose
  /** Chosen at first. */
  readonly role: Role
  readonly roles: readonly {
    readonly value: Role
    readonly label: string | undefined
    readonly note: string | undefined
  }[]
  readonly columns?: string
  readonly act: (email: string, role: Role) => Promise<Made>
  readonly done: () => void
  readonly close: () => void
}

export function PersonDialog<Role extends string>(props: PersonDialogProps<Role>) {
  const { act, done, close, about, columns } = props
  const [email, setEmail] = useState('')
  const [role, setRole] = useState(props.role)
  const [made, setMade] = useState<Made | null>(null)
  const action = useAction(
    () => act(email.trim(), role),
    (answer) => {
      setMade(answer)
      done()
    },
  )
  if (made !== null) return <LinkDialog {...made} purpose={props.purpose} close={close} />
  const wrong = faultOf(action.fault, '/email')
  return (
    <FormDialog
      title={props.title}
      {...(about !== undefined && { about })}
      action={action}
      failed={props.failed}
      isTold={wrong !== undefined}
      submit={props.submit}
      working={props.working}
      close={close}
    >
      <TextField
        label={words.team.email}
        fault={wrong}
        type="email"
        required
        autoFocus
        autoComplete="off"
        value={email}
        change={setEmail}
      />
      <Choice
        legend={words.team.role}
        value={role}
        onChange={setRole}
        options={props.roles}
        {...(columns !== undefined && { columns })}
      />
    </FormDialog>
  )
}

interface LinkDialogProps {
  readonly link: OneTimeLink['link']
  readonly email: string
  readonly purpose: Purpose
  readonly close: () => void
}

/** A link that works once: sent by mail, or to be handed on where there is none. */
export function LinkDialog({ link, email, purpose, close }: LinkDialogProps) {
  return (
    <Dialog
      title={link === null ? words.team.sentTitle : words.team.linkTitle}
      {...(link !== null && { about: words.team.linkAbout(email) })}
      onClose={close}
    >
      {link === null ? (
        <Notice tone="good">{words.team.sent[purpose](email)}</Notice>
      ) : (
        <CopyLine text={link.url} label={words.team.linkTitle} />
      )}
      <DialogActions>
        <Button kind="primary" onClick={close}>
          {words.common.done}
        </Button>
      </DialogActions>
    </Dialog>
  )
}
