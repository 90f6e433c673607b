// What is shown instead of a page that broke while it was drawn: better than nothing at all.

import { Component, type ReactNode } from 'react'
import { Button } from '../ui/button.tsx'
import { Notice } from '../ui/states.tsx'
import { words } from '../words.ts'

interface Props {
  readonly children: ReactNode
}

/** A class, as React tells of such a fault in no other way. */
export class BrokenPage extends Component<Props, { readonly isBroken: boolean }> {
  override state = { isBroken: false }

  static getDerivedStateFromError(): { readonly isBroken: boolean } {
    return { isBroken: true }
  }

  override render(): ReactNode {
    if (!this.state.isBroken) return this.props.children
    return (
      <main className="mx-auto max-w-lg p-6 pt-[18vh]" role="alert">
        <Notice
          tone="bad"
          title={words.faults.broken}
          action={
            <Button isSmall onClick={() => location.reload()}>
              {words.faults.reload}
            </Button>
          }
        >
          {words.faults.brokenAbout}
        </Notice>
      </main>
    )
  }
}
