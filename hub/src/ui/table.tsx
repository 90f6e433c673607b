// Tables that stay readable from 320 pixels on: columns of less weight go first, the rest scrolls within its frame.

import type { ReactNode, TdHTMLAttributes, ThHTMLAttributes } from 'react'

export function Table({
  caption,
  head,
  children,
}: {
  caption: string
  head: ReactNode
  children: ReactNode
}) {
  return (
    <div className="relative overflow-x-auto">
      <table className="w-full border-collapse text-left text-[13px] tabular-nums">
        <caption className="sr-only">{caption}</caption>
        <thead>
          <tr className="border-b">{head}</tr>
        </thead>
        <tbody>{children}</tbody>
      </table>
    </div>
  )
}

const when = { always: '', wide: 'max-lg:hidden', middle: 'max-md:hidden', roomy: 'max-sm:hidden' } as const
export type When = keyof typeof when

interface Shown {
  readonly shown?: When
  readonly isNumber?: boolean
}

export function Th({
  shown = 'always',
  isNumber,
  className = '',
  ...rest
}: ThHTMLAttributes<HTMLTableCellElement> & Shown) {
  return (
    <th
      scope="col"
      {...rest}
      className={`h-9 px-4 text-xs font-medium whitespace-nowrap text-ink-3 ${isNumber ? 'text-right' : ''} ${when[shown]} ${className}`}
    />
  )
}

export function Td({
  shown = 'always',
  isNumber,
  className = '',
  ...rest
}: TdHTMLAttributes<HTMLTableCellElement> & Shown) {
  return (
    <td
      {...rest}
      className={`h-[49px] px-4 py-2 align-middle ${isNumber ? 'text-right' : ''} ${when[shown]} ${className}`}
    />
  )
}

export function Tr({ children, isDim = false }: { children: ReactNode; isDim?: boolean }) {
  return (
    <tr
      className={`group border-b transition-colors duration-100 last:border-b-0 hover:bg-hover ${isDim ? 'text-ink-3' : 'text-ink'}`}
    >
      {children}
    </tr>
  )
}
