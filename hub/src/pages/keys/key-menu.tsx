import { mayChange, mayDisable, useUser } from '../../api/session.ts'
import type { Key } from '../../api/types.ts'
import { navigate, withKept } from '../../router.tsx'
import { useOpenDialog } from '../../shell/dialog-place.tsx'
import { IconButton } from '../../ui/button.tsx'
import { writeText } from '../../ui/copy.tsx'
import { Menu, MenuItem, MenuLine } from '../../ui/menu.tsx'
import { words } from '../../words.ts'
import { DisableDialog, EnableDialog, RevokeDialog } from '../key/verbs.tsx'

export function KeyMenu({ one }: { one: Key }) {
  const user = useUser()
  const open = useOpenDialog()
  const canChange = mayChange(user, one.merchant_id) && one.status !== 'revoked'
  return (
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
        <MenuItem icon="pause" onSelect={() => open((close) => <DisableDialog one={one} close={close} />)}>
          {words.key.disable}
        </MenuItem>
      )}
      {one.status === 'disabled' && canChange && (
        <MenuItem icon="play" onSelect={() => open((close) => <EnableDialog one={one} close={close} />)}>
          {words.key.reactivate}
        </MenuItem>
      )}
      {canChange && (
        <MenuItem
          icon="trash"
          isBad
          onSelect={() => open((close) => <RevokeDialog one={one} close={close} />)}
        >
          {words.key.revoke}
        </MenuItem>
      )}
    </Menu>
  )
}
