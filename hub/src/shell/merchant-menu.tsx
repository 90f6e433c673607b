// All merchants that the reader sees, to choose one of: found by the server, however many there are.

import { useQuery } from '@tanstack/react-query'
import { type ReactNode, useEffect, useState } from 'react'
import { merchantList } from '../api/merchants.ts'
import { Menu, MenuItem, MenuLabel } from '../ui/menu.tsx'
import { words } from '../words.ts'

interface MerchantMenuProps {
  readonly button: ReactNode
  readonly current: string | null
  /** Whether all of them are a choice too. */
  readonly hasAll: boolean
  readonly choose: (id: string | null) => void
}

export function MerchantMenu({ button, ...props }: MerchantMenuProps) {
  return (
    <Menu align="start" button={button}>
      <Found {...props} />
    </Menu>
  )
}

const typingMs = 200
const listed = 40

function Found({ current, hasAll, choose }: Omit<MerchantMenuProps, 'button'>) {
  const [text, setText] = useState('')
  const [wanted, setWanted] = useState('')
  const found = useQuery({ ...merchantList(wanted, listed), placeholderData: (before) => before })
  useEffect(() => {
    const timer = setTimeout(() => setWanted(text.trim()), typingMs)
    return () => clearTimeout(timer)
  }, [text])
  const rows = found.data?.data ?? []
  const isMore = found.data !== undefined && found.data.next_cursor !== null
  return (
    <>
      <div className="p-1">
        <input
          value={text}
          maxLength={100}
          onChange={(event) => setText(event.target.value)}
          onKeyDown={(event) =>
            event.key !== 'Escape' && event.key !== 'ArrowDown' && event.stopPropagation()
          }
          aria-label={words.shell.findMerchant}
          placeholder={words.shell.findMerchant}
          className="h-8 w-full rounded-md border border-line-strong bg-surface px-2 text-[13px] placeholder:text-ink-3"
        />
      </div>
      {hasAll && wanted === '' && (
        <MenuItem isChosen={current === null} onSelect={() => choose(null)}>
          {words.shell.allMerchants}
        </MenuItem>
      )}
      <MenuLabel>
        {found.isError
          ? words.merchants.failed
          : rows.length === 0 && found.data !== undefined
            ? words.shell.noMerchant
            : words.shell.merchants}
      </MenuLabel>
      {rows.map((one) => (
        <MenuItem key={one.id} isChosen={one.id === current} note={one.id} onSelect={() => choose(one.id)}>
          {one.name}
        </MenuItem>
      ))}
      {isMore && <MenuLabel>{words.shell.moreMerchants}</MenuLabel>}
    </>
  )
}
