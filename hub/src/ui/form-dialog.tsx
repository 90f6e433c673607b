// A form over the page: what went wrong on top, and below it two buttons. What cannot be sent yet is not sent by the key
// Enter either.

import type { FormEvent, ReactNode } from 'react'
import { words } from '../words.ts'
import { Button, type ButtonKind } from './button.tsx'
import { Dialog, DialogActions } from './dialog.tsx'
import { FaultNotice } from './states.tsx'
import type { Action } from './use-action.ts'

interface FormDialogProps {
  readonly title: string
  readonly about?: ReactNode
  readonly isWide?: boolean
  readonly action: Action<undefined>
  /** What it means that the action failed. */
  readonly failed: string
  /** Whether a field says it. */
  readonly isTold?: boolean
  readonly submit: string
  readonly working?: string
  readonly kind?: ButtonKind
  readonly isReady?: boolean
  /** Beside the buttons. */
  readonly note?: ReactNode
  readonly close: () => void
  readonly children?: ReactNode
}

export function FormDialog(props: FormDialogProps) {
  const { title, about, isWide = false, action, close, isReady = true, isTold = false } = props
  const submit = (event: FormEvent): void => {
    event.preventDefault()
    if (isReady) action.run(undefined)
  }
  return (
    <Dialog title={title} isWide={isWide} onClose={close} {...(about !== undefined && { about })}>
      <form onSubmit={submit} className="flex flex-col gap-4">
        {action.fault !== null && !isTold && <FaultNotice fault={action.fault} what={props.failed} />}
        {props.children}
        <DialogActions>
          {props.note}
          <Button onClick={close}>{words.common.cancel}</Button>
          <Button
            kind={props.kind ?? 'primary'}
            type="submit"
            disabled={!isReady}
            busy={action.isRunning && (props.working ?? words.common.saving)}
          >
            {props.submit}
          </Button>
        </DialogActions>
      </form>
    </Dialog>
  )
}
