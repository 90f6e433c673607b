// "Are you sure": a sentence on what will happen, and two buttons.

import type { ReactNode } from 'react'
import { words } from '../words.ts'
import { Button, type ButtonKind } from './button.tsx'
import { Dialog, DialogActions } from './dialog.tsx'
import { FaultNotice } from './states.tsx'
import { useAction } from './use-action.ts'

interface AskProps<Output> {
  readonly title: string
  readonly about: ReactNode
  readonly submit: string
  readonly working: string
  readonly failed: string
  readonly kind?: ButtonKind
  readonly act: () => Promise<Output>
  readonly done: (output: Output) => void
  readonly close: () => void
  /** What is asked beside it. */
  readonly children?: ReactNode
}

export function Ask<Output>(props: AskProps<Output>) {
  const { title, about, submit, working, failed, kind = 'danger', act, done, close, children } = props
  const action = useAction(act, (output: Output) => {
    done(output)
    close()
  })
  return (
    <Dialog title={title} about={about} onClose={close}>
      {action.fault !== null && <FaultNotice fault={action.fault} what={failed} />}
      {children}
      <DialogActions>
        <Button onClick={close}>{words.common.cancel}</Button>
        <Button kind={kind} busy={action.isRunning && working} onClick={() => action.run(undefined)}>
          {submit}
        </Button>
      </DialogActions>
    </Dialog>
  )
}
