import { useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { faultOf } from '../../api/fault.ts'
import { type Invitation, invite, type OneTimeLink } from '../../api/team.ts'
import type { MemberRole } from '../../api/types.ts'
import { Button } from '../../ui/button.tsx'
import { CopyLine } from '../../ui/copy.tsx'
import { Dialog, DialogActions } from '../../ui/dialog.tsx'
import { Choice, Field, Input } from '../../ui/field.tsx'
import { Notice } from '../../ui/states.tsx'
import { FormDialog } from '../../ui/form-dialog.tsx'
import { useAction } from '../../ui/use-action.ts'
import { words } from '../../words.ts'

export function InviteDialog({ merchantId, close }: { merchantId: string; close: () => void }) {
  const client = useQueryClient()
  const [email, setEmail] = useState('')
  const [role, setRole] = useState<MemberRole>('viewer')
  const [made, setMade] = useState<(Invitation & OneTimeLink) | null>(null)
  const action = useAction(
    () => invite(merchantId, email.trim(), role),
    (answer) => {
      setMade(answer)
      void client.invalidateQueries({ queryKey: ['invitations', merchantId] })
    },
  )
  if (made !== null)
    return <LinkDialog link={made.link} email={made.email} purpose="invitation" close={close} />
  return (
    <FormDialog
      title={words.team.inviteTitle}
      about={words.team.inviteAbout}
      action={action}
      failed={words.team.inviteFailed}
      submit={words.team.invite}
      working={words.team.sending}
      close={close}
    >
      <Field label={words.team.email} fault={faultOf(action.fault, '/email')}>
        <Input
          type="email"
          required
          autoFocus
          autoComplete="off"
          value={email}
          onChange={(event) => setEmail(event.target.value)}
        />
      </Field>
      <Choice
        legend={words.team.role}
        columns=""
        value={role}
        onChange={setRole}
        options={(['viewer', 'admin'] as const).map((value) => ({
          value,
          label: words.shell.role[value],
          note: words.team.roleNote[value],
        }))}
      />
    </FormDialog>
  )
}

interface LinkDialogProps {
  readonly link: OneTimeLink['link']
  readonly email: string
  readonly purpose: 'invitation' | 'password'
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
