// A list of things to do, behind a button.

import { DropdownMenu as Radix } from 'radix-ui'
import type { ReactNode } from 'react'
import { Icon, type IconName } from './icon.tsx'

interface MenuProps {
  readonly button: ReactNode
  readonly children: ReactNode
  readonly align?: 'start' | 'end'
}

export function Menu({ button, children, align = 'end' }: MenuProps) {
  return (
    <Radix.Root modal={false}>
      <Radix.Trigger asChild>{button}</Radix.Trigger>
      <Radix.Portal>
        <Radix.Content
          align={align}
          sideOffset={6}
          collisionPadding={8}
          className="floats z-50 max-h-[70vh] min-w-[200px] max-w-[calc(100vw-16px)] overflow-y-auto rounded-lg border bg-raised p-1 shadow-float"
        >
          {children}
        </Radix.Content>
      </Radix.Portal>
    </Radix.Root>
  )
}

interface ItemProps {
  readonly children: ReactNode
  readonly onSelect: () => void
  readonly icon?: IconName
  readonly isBad?: boolean
  readonly isChosen?: boolean
  readonly note?: ReactNode
}

export function MenuItem({ children, onSelect, icon, isBad, isChosen, note }: ItemProps) {
  return (
    <Radix.Item
      onSelect={onSelect}
      className={`flex min-h-8 cursor-pointer items-center gap-2.5 rounded-md px-2.5 py-1.5 text-[13px] outline-none data-highlighted:bg-hover ${isBad ? 'text-bad data-highlighted:bg-bad-soft' : 'text-ink'}`}
    >
      {icon && <Icon name={icon} className={isBad ? '' : 'text-ink-3'} />}
      <span className="min-w-0 flex-1">
        <span className="block truncate">{children}</span>
        {note !== undefined && <span className="block truncate text-xs text-ink-3">{note}</span>}
      </span>
      {isChosen && <Icon name="check" size={14} className="text-accent-ink" />}
    </Radix.Item>
  )
}

export function MenuLabel({ children }: { children: ReactNode }) {
  return <Radix.Label className="px-2.5 pt-2 pb-1 text-xs font-medium text-ink-3">{children}</Radix.Label>
}

export function MenuLine() {
  return <Radix.Separator className="my-1 h-px bg-line" />
}
