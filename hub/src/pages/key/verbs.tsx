// What is done to a key as a whole, each with a question that says what will happen.

import { type ReactNode, useState } from 'react'
import { changeKey, type KeyVerb, useTakeKey } from '../../api/keys.ts'
import type { Key, Settled } from '../../api/types.ts'
import type { ButtonKind } from '../../ui/button.tsx'
import { Field, Input } from '../../ui/field.tsx'
import { relativeTime, useNow } from '../../ui/time.tsx'
import { FormDialog } from '../../ui/form-dialog.tsx'
import { useAction } from '../../ui/use-action.ts'
import { words } from '../../words.ts'

export interface VerbProps {
  readonly one: Key
  readonly close: () => void
  readonly done?: (answer: Key & Settled) => void
}

interface Said {
  readonly verb: KeyVerb
  readonly title: string
  readonly about: ReactNode
  readonly submit: string
  readonly working: string
  readonly failed: string
  readonly kind: ButtonKind
  /** To be typed before. */
  readonly name?: string
}

export function DisableDialog(props: VerbProps) {
  const text = words.disable
  const about = (
    <>
      {text.about} <LastUse one={props.one} />
    </>
  )
  return (
    <VerbDialog
      {...props}
      said={{ ...text, verb: 'disable', title: text.title(props.one.name), about, kind: 'danger' }}
    />
  )
}

export function EnableDialog(props: VerbProps) {
  const text = words.enable
  return (
    <VerbDialog
      {...props}
      said={{ ...text, verb: 'enable', title: text.title(props.one.name), kind: 'primary' }}
    />
  )
}

export function ReleaseDialog(props: VerbProps) {
  const text = words.brakes
  return (
    <VerbDialog
      {...props}
      said={{
        ...{ verb: 'brakes/release', title: text.title(props.one.name), about: text.releaseAbout },
        ...{ submit: text.submit, working: text.working, failed: text.failed, kind: 'primary' },
      }}
    />
  )
}

export function RevokeDialog(props: VerbProps) {
  const text = words.revoke
  const { name } = props.one
  const about = (
    <>
      {text.about} <LastUse one={props.one} />
    </>
  )
  return (
    <VerbDialog
      {...props}
      said={{ ...text, verb: 'revoke', title: text.title(name), about, kind: 'danger', name }}
    />
  )
}

export function EndRotationDialog({ isInUse, ...props }: VerbProps & { isInUse: boolean }) {
  const text = words.rotate
  const said: Said = {
    ...{ verb: 'rotation/end', title: text.endTitle, about: isInUse ? text.endInUse : text.endIdle },
    ...{
      submit: text.endNow,
      working: text.ending,
      failed: text.endFailed,
      kind: isInUse ? 'danger' : 'primary',
    },
  }
  return <VerbDialog {...props} said={said} />
}

function LastUse({ one }: { one: Key }) {
  const nowMs = useNow()
  if (one.last_used_at === null) return words.disable.unused
  return words.disable.used(relativeTime(Date.parse(one.last_used_at), nowMs))
}

function VerbDialog({ one, close, done, said }: VerbProps & { said: Said }) {
  const take = useTakeKey()
  const [reason, setReason] = useState('')
  const [typed, setTyped] = useState('')
  const action = useAction(
    () => changeKey(one.id, said.verb, reason),
    (answer) => {
      take(answer)
      done?.(answer)
      close()
    },
  )
  const isTyped = said.name === undefined || typed.trim() === said.name
  return (
    <FormDialog
      title={said.title}
      about={said.about}
      action={action}
      failed={said.failed}
      submit={said.submit}
      working={said.working}
      kind={said.kind}
      isReady={isTyped}
      close={close}
    >
      {said.name !== undefined && (
        <Field label={<span className="break-words">{words.revoke.type(said.name)}</span>}>
          <Input
            autoFocus
            autoComplete="off"
            value={typed}
            onChange={(event) => setTyped(event.target.value)}
          />
        </Field>
      )}
      <ReasonField value={reason} onChange={setReason} />
    </FormDialog>
  )
}

export function ReasonField({ value, onChange }: { value: string; onChange: (text: string) => void }) {
  return (
    <Field
      label={
        <>
          {words.common.reason} <span className="font-normal text-ink-3">({words.common.optional})</span>
        </>
      }
      hint={words.common.reasonHint}
    >
      <Input maxLength={500} value={value} onChange={(event) => onChange(event.target.value)} />
    </Field>
  )
}
