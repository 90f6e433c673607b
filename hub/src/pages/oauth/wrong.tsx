// What is wrong with fields that stand together.

import type { ReactNode } from 'react'
import { Icon } from '../../ui/icon.tsx'

export function Wrong({ children }: { children: ReactNode }) {
  if (children === undefined) return null
  return (
    <p role="alert" className="mt-2 flex items-center gap-1.5 text-[13px] text-bad">
      <Icon name="alert" size={14} />
      {children}
    </p>
  )
}
