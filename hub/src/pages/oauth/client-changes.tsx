// What is changed of an application, each in a dialog that begins with what was there when it was opened.

import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import {
  actOnClient,
  type Client,
  clientById,
  type ClientWithSecret,
  patchClient,
  rotateClient,
} from '../../api/clients.ts'
import { faultOf } from '../../api/fault.ts'
import { permissionTable } from '../../api/permissions.ts'
import { Ask } from '../../ui/ask.tsx'
import { Field, TextArea } from '../../ui/field.tsx'
import { FormDialog } from '../../ui/form-dialog.tsx'
import { SkeletonRows } from '../../ui/states.tsx'
import { TextField } from '../../ui/text-field.tsx'
import { useAction } from '../../ui/use-action.ts'
import { words } from '../../words.ts'
import { oauthWords } from '../../words/oauth.ts'
import { ReasonField } from '../key/verbs.tsx'
import { GraceField, oneDay } from '../key/grace-field.tsx'
import { Difference } from '../key/edit-permissions.tsx'
import { PermissionPicker } from '../new-key/permission-picker.tsx'
import { linesOf, wrongLine } from './lines.ts'

const text = oauthWords.client

interface ChangeProps {
  readonly one: Client
  readonly close: () => void
}

function useTakeClient(): (answer: Client) => void {
  const client = useQueryClient()
  return ({ client_id: id }) => {
    void client.invalidateQueries({ queryKey: clientById(id).queryKey })
    void client.invalidateQueries({ queryKey: ['clients'] })
    void client.invalidateQueries({ queryKey: ['grants'] })
  }
}

export function EditDialog({ one, close }: ChangeProps) {
  const take = useTakeClient()
  const [name, setName] = useState(one.name)
  const [uris, setUris] = useState(one.redirect_uris.join('\n'))
  const lines = linesOf(uris)
  const action = useAction(
    () => patchClient(one.client_id, { name: name.trim(), redirect_uris: lines }),
    (answer) => {
      take(answer)
      close()
    },
  )
  const [wrongName, wrongUri] = [faultOf(action.fault, '/name'), wrongLine(action.fault, lines)]
  return (
    <FormDialog
      title={text.editTitle(one.name)}
      action={action}
      failed={text.editFailed}
      isTold={(wrongName ?? wrongUri) !== undefined}
      submit={words.common.save}
      isReady={name.trim() !== ''}
      close={close}
    >
      <TextField
        label={text.name}
        hint={text.nameHint}
        fault={wrongName}
        autoFocus
        value={name}
        change={setName}
      />
      <Field label={text.urisLabel} hint={text.urisHint} fault={wrongUri}>
        <TextArea
          rows={4}
          spellCheck={false}
          className="font-mono text-[13px]"
          value={uris}
          onChange={(event) => setUris(event.target.value)}
        />
      </Field>
    </FormDialog>
  )
}

export function PermissionsDialog({ one, close }: ChangeProps) {
  const take = useTakeClient()
  const { data } = useQuery(permissionTable)
  const api = data?.data.find((each) => each.api === one.api)
  const [before] = useState<ReadonlySet<string>>(() => new Set(one.permissions))
  const [chosen, setChosen] = useState(before)
  const added = [...chosen].filter((name) => !before.has(name))
  const removed = [...before].filter((name) => !chosen.has(name))
  const action = useAction(
    () => patchClient(one.client_id, { permissions: [...chosen] }),
    (answer) => {
      take(answer)
      close()
    },
  )
  return (
    <FormDialog
      isWide
      title={text.permissionsTitle(one.name)}
      about={text.permissionsAbout}
      action={action}
      failed={text.editFailed}
      submit={words.edit.submit}
      isReady={chosen.size > 0 && added.length + removed.length > 0}
      close={close}
    >
      {api === undefined ? (
        <SkeletonRows />
      ) : (
        <>
          <PermissionPicker api={api} chosen={chosen} choose={setChosen} />
          <Difference {...{ api, before, chosen, added, removed }} />
        </>
      )}
    </FormDialog>
  )
}

export function RotateDialog({
  one,
  close,
  made,
}: ChangeProps & { made: (answer: ClientWithSecret) => void }) {
  const take = useTakeClient()
  const [grace, setGrace] = useState(oneDay)
  const action = useAction(
    () => rotateClient(one.client_id, Number(grace)),
    (answer) => {
      take(answer)
      close()
      made(answer)
    },
  )
  return (
    <FormDialog
      title={text.rotateTitle(one.name)}
      about={text.rotateAbout}
      action={action}
      failed={text.rotateFailed}
      submit={text.rotate}
      working={words.rotate.working}
      close={close}
    >
      <GraceField seconds={grace} change={setGrace} />
    </FormDialog>
  )
}

export function ActDialog({ one, close }: ChangeProps) {
  const take = useTakeClient()
  const [reason, setReason] = useState('')
  // What it is when the dialog opens is what is asked about.
  const [isActive] = useState(one.status === 'active')
  return (
    <Ask
      title={isActive ? text.disableTitle(one.name) : text.enableTitle(one.name)}
      about={isActive ? text.disableAbout : text.enableAbout}
      submit={isActive ? text.disable : text.enable}
      working={isActive ? text.disabling : text.enabling}
      failed={text.actFailed}
      kind={isActive ? 'danger' : 'primary'}
      act={() => actOnClient(one.client_id, isActive ? 'disable' : 'enable', reason)}
      done={take}
      close={close}
    >
      <ReasonField value={reason} onChange={setReason} />
    </Ask>
  )
}
