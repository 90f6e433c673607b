import { useState } from 'react'
import { useSignOut, useUser } from '../api/session.ts'
import { navigate, withKept } from '../router.tsx'
import { Icon } from '../ui/icon.tsx'
import { Menu, MenuItem, MenuLabel, MenuLine } from '../ui/menu.tsx'
import { words } from '../words.ts'
import { chooseTheme, currentTheme, type Theme, themes } from './theme.ts'

const signs = { system: 'screen', light: 'sun', dark: 'moon' } as const

export function Person() {
  const user = useUser()
  const signOut = useSignOut()
  const [theme, setTheme] = useState<Theme>(currentTheme)
  return (
    <Menu
      align="start"
      button={
        <button
          type="button"
          aria-label={`${words.shell.account}: ${user.email}`}
          className="flex w-full items-center gap-2.5 rounded-lg px-2 py-1.5 text-left hover:bg-hover"
        >
          <span
            aria-hidden="true"
            className="flex size-7 shrink-0 items-center justify-center rounded-full border bg-surface text-ink-3"
          >
            <Icon name="account" />
          </span>
          <span className="min-w-0 flex-1 truncate text-[13px] text-ink-2">{user.email}</span>
          <Icon name="more" className="text-ink-3" />
        </button>
      }
    >
      <MenuItem icon="account" onSelect={() => navigate(withKept('/account'))}>
        {words.shell.account}
      </MenuItem>
      <MenuLine />
      <MenuLabel>{words.shell.theme.label}</MenuLabel>
      {themes.map((one) => (
        <MenuItem
          key={one}
          icon={signs[one]}
          isChosen={one === theme}
          onSelect={() => {
            chooseTheme(one)
            setTheme(one)
          }}
        >
          {words.shell.theme[one]}
        </MenuItem>
      ))}
      <MenuLine />
      <MenuItem icon="out" onSelect={() => void signOut().catch(() => location.reload())}>
        {words.shell.signOut}
      </MenuItem>
    </Menu>
  )
}
