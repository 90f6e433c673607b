// What is shown in the frame where the code of a page could not be fetched: the server is away, or runs another version by now.

import { Component, type ReactNode } from 'react'
import { isServed } from '../api/call.ts'
import { ApiFault } from '../api/fault.ts'
import { FaultNotice } from '../ui/states.tsx'
import { words } from '../words.ts'

interface Props {
  readonly children: ReactNode
}

/** A class, as React tells of such a fault in no other way. What else breaks goes on to whoever is above. */
export class MissingPart extends Component<Props, { readonly fault: unknown }> {
  override state = { fault: null }

  static getDerivedStateFromError(fault: unknown): { readonly fault: unknown } {
    return { fault }
  }

  override render(): ReactNode {
    const { fault }: { fault: unknown } = this.state
    if (fault === null) return this.props.children
    if (!(fault instanceof ApiFault)) throw fault
    return <FaultNotice fault={fault} what={words.faults.notFetched} again={() => void reloadIfServed()} />
  }
}

/** A page that is loaded anew while nobody answers is the browser's own, and no way leads back from it. */
export async function reloadIfServed(): Promise<void> {
  if (await isServed()) location.reload()
}
