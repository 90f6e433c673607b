import { useState } from 'react'
import { mayChange, mayDisable, useUser } from '../../api/session.ts'
import type { Key } from '../../api/types.ts'
import { navigate, withKept } from '../../router.tsx'
import { IconButton } from '../../ui/button.tsx'
import { writeText } from '../../ui/copy.tsx'
import { Menu, MenuItem, MenuLine } from '../../ui/menu.tsx'
import { words } from '../../words.ts'
import { DisableDialog, EnableDialog, RevokeDialog } from '../key/verbs.tsx'

type Asked = 'disable' | 'enable' | 'revoke'

export function KeyMenu({ one }: { one: Key }) {
  const user = useUser()
  const [asked, setAsked] = useState<Asked | null>(null)
  const canChange = mayChange(user, one.merchant_id) && one.status !== 'revoked'
  const close = (): void => setAsked(null)
  return (
    <>
      <Menu button={<IconButton icon="more" label={words.common.actions(one.name)} />}>
        <MenuItem icon="right" onSelect={() => navigate(withKept(`/developers/keys/${one.id}`))}>
          {words.keys.open}
        </MenuItem>
        <MenuItem icon="copy" onSelect={() => void writeText(one.id)}>
          {words.keys.copyId}
        </MenuItem>
        {one.status !== 'revoked' && mayDisable(user, one.merchant_id) && <MenuLine />}
        {canChange && (
          <MenuItem icon="rotate" onSelect={() => navigate(withKept(`/developers/keys/${one.id}?do=rotate`))}>
            {words.key.rotate}
          </MenuItem>
        )}
        {one.status === 'active' && mayDisable(user, one.merchant_id) && (
          <MenuItem icon="pause" onSelect={() => setAsked('disable')}>
            {words.key.disable}
          </MenuItem>
        )}
        {one.status === 'disabled' && canChange && (
          <MenuItem icon="play" onSelect={() => setAsked('enable')}>
            {words.key.reactivate}
          </MenuItem>
        )}
        {canChange && (
          <MenuItem icon="trash" isBad onSelect={() => setAsked('revoke')}>
            {words.key.revoke}
          </MenuItem>
        )}
      </Menu>
      {asked === 'disable' && <DisableDialog one={one} close={close} />}
      {asked === 'enable' && <EnableDialog one={one} close={close} />}
      {asked === 'revoke' && <RevokeDialog one={one} close={close} />}
    </>
  )
}
