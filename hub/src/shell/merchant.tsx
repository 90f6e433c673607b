// Which merchant the reader looks at: one of those that the address names, the only one there is, or all.

import { useQuery } from '@tanstack/react-query'
import { merchantById } from '../api/merchants.ts'
import { useUser } from '../api/session.ts'
import { useQueryState } from '../router.tsx'
import { Icon } from '../ui/icon.tsx'
import { Menu, MenuItem } from '../ui/menu.tsx'
import { words } from '../words.ts'
import { MerchantMenu } from './merchant-menu.tsx'

/** null: all that the reader sees. */
export function useMerchantId(): string | null {
  const user = useUser()
  const [query] = useQueryState()
  const asked = query.get('merchant')
  if (user.kind === 'operator') return asked
  const known = user.merchants.find(({ id }) => id === asked)
  return (known ?? user.merchants[0])?.id ?? null
}

/** Name of a merchant that the reader sees; its id until it is known. */
export function useMerchantName(id: string | null): string | null {
  const user = useUser()
  const own = user.merchants.find((one) => one.id === id)
  const { data } = useQuery({ ...merchantById(id ?? ''), enabled: id !== null && own === undefined })
  return id === null ? null : (own?.name ?? data?.name ?? id)
}

const boxClass =
  'flex w-full min-w-0 items-center gap-2.5 rounded-lg border border-line bg-surface px-2.5 py-2 text-left shadow-rest'

export function MerchantSwitcher() {
  const user = useUser()
  const [, change] = useQueryState()
  const id = useMerchantId()
  const name = useMerchantName(id) ?? words.shell.allMerchants
  const role = user.merchants.find((one) => one.id === id)?.role ?? user.role ?? 'admin'
  const roleName = words.shell.role[role] ?? role
  const face = (
    <>
      <span
        aria-hidden="true"
        className="flex size-7 shrink-0 items-center justify-center rounded-md bg-accent-soft text-xs font-semibold text-accent-ink"
      >
        {name.slice(0, 1).toUpperCase()}
      </span>
      <span className="min-w-0 flex-1">
        <span className="block truncate text-[13px] font-semibold text-ink">{name}</span>
        <span className="block truncate text-xs text-ink-3">
          {user.kind === 'operator' ? words.shell.operatorOf(roleName) : roleName}
        </span>
      </span>
    </>
  )
  if (user.kind === 'member' && user.merchants.length < 2) return <div className={boxClass}>{face}</div>
  const choose = (merchant: string | null): void => change({ merchant, cursor: null })
  const button = (
    <button
      type="button"
      aria-label={`${words.shell.chooseMerchant}: ${name}`}
      className={`${boxClass} hover:bg-hover`}
    >
      {face}
      <Icon name="down" size={14} className="text-ink-3" />
    </button>
  )
  if (user.kind === 'operator') return <MerchantMenu hasAll current={id} choose={choose} button={button} />
  return (
    <Menu align="start" button={button}>
      {user.merchants.map((one) => (
        <MenuItem
          key={one.id}
          isChosen={one.id === id}
          note={words.shell.role[one.role]}
          onSelect={() => choose(one.id)}
        >
          {one.name}
        </MenuItem>
      ))}
    </Menu>
  )
}
