import { useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { actOnMerchant } from '../../api/merchants.ts'
import type { Merchant } from '../../api/types.ts'
import { Link, navigate } from '../../router.tsx'
import { useOpenDialog } from '../../shell/dialog-place.tsx'
import { Ask } from '../../ui/ask.tsx'
import { Badge } from '../../ui/badge.tsx'
import { IconButton } from '../../ui/button.tsx'
import { Menu, MenuItem, MenuLine } from '../../ui/menu.tsx'
import { Table, Td, Th, Tr } from '../../ui/table.tsx'
import { Time } from '../../ui/time.tsx'
import { words } from '../../words.ts'
import { ReasonField } from '../key/verbs.tsx'
import { LimitsDialog, RenameDialog } from './change.tsx'

export function MerchantTable({ merchants, isAdmin }: { merchants: readonly Merchant[]; isAdmin: boolean }) {
  const columns = words.merchants.columns
  return (
    <Table
      caption={words.merchants.title}
      head={
        <>
          <Th>{columns.name}</Th>
          <Th>{columns.status}</Th>
          <Th shown="middle">{columns.plan}</Th>
          <Th shown="roomy">{columns.created}</Th>
          <Th className="w-10">
            <span className="sr-only">{words.common.actions('')}</span>
          </Th>
        </>
      }
    >
      {merchants.map((one) => (
        <MerchantRow key={one.id} one={one} isAdmin={isAdmin} />
      ))}
    </Table>
  )
}

function MerchantRow({ one, isAdmin }: { one: Merchant; isAdmin: boolean }) {
  const open = useOpenDialog()
  const isActive = one.status === 'active'
  return (
    <Tr isDim={!isActive}>
      <Td className="max-w-[320px]">
        <Link
          to={`/operator/merchants/${one.id}`}
          className="block truncate font-medium text-ink hover:text-accent-ink hover:underline"
        >
          {one.name}
        </Link>
        <code className="block truncate text-xs text-ink-3">{one.id}</code>
      </Td>
      <Td>
        <Badge tone={isActive ? 'good' : 'warn'} {...(!isActive && { icon: 'pause' as const })}>
          {words.merchants.status[one.status]}
        </Badge>
      </Td>
      <Td shown="middle" className="text-ink-2">
        {one.plan ?? '—'}
      </Td>
      <Td shown="roomy" className="text-ink-2">
        <Time at={one.created_at} />
      </Td>
      <Td className="pr-2 pl-0">
        <Menu button={<IconButton icon="more" label={words.common.actions(one.name)} />}>
          <MenuItem icon="key" onSelect={() => navigate(`/developers?merchant=${one.id}`)}>
            {words.merchants.keys}
          </MenuItem>
          <MenuItem icon="team" onSelect={() => navigate(`/team?merchant=${one.id}`)}>
            {words.merchants.team}
          </MenuItem>
          {isAdmin && (
            <MenuItem icon="store" onSelect={() => open((close) => <RenameDialog one={one} close={close} />)}>
              {words.merchants.rename}
            </MenuItem>
          )}
          {isAdmin && (
            <MenuItem icon="clock" onSelect={() => open((close) => <LimitsDialog one={one} close={close} />)}>
              {words.limits.planTitle}
            </MenuItem>
          )}
          {isAdmin && <MenuLine />}
          {isAdmin && (
            <MenuItem
              icon={isActive ? 'pause' : 'play'}
              isBad={isActive}
              onSelect={() => open((close) => <ActDialog one={one} close={close} />)}
            >
              {isActive ? words.merchants.suspend : words.merchants.resume}
            </MenuItem>
          )}
        </Menu>
      </Td>
    </Tr>
  )
}

export function ActDialog({ one, close }: { one: Merchant; close: () => void }) {
  const client = useQueryClient()
  const [reason, setReason] = useState('')
  const text = words.merchants
  const isActive = one.status === 'active'
  return (
    <Ask
      title={isActive ? text.suspendTitle(one.name) : text.resumeTitle(one.name)}
      about={isActive ? text.suspendAbout : text.resumeAbout}
      submit={isActive ? text.suspend : text.resume}
      working={isActive ? text.suspending : text.resuming}
      failed={text.actFailed}
      kind={isActive ? 'danger' : 'primary'}
      act={() => actOnMerchant(one.id, isActive ? 'suspend' : 'resume', reason)}
      done={() => {
        void client.invalidateQueries({ queryKey: ['merchants'] })
        void client.invalidateQueries({ queryKey: ['merchant', one.id] })
      }}
      close={close}
    >
      <ReasonField value={reason} onChange={setReason} />
    </Ask>
  )
}
