import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { mayChange, useUser } from '../../api/session.ts'
import {
  changeMember,
  type Invitation,
  invitationList,
  type Member,
  memberList,
  removeMember,
  withdraw,
} from '../../api/team.ts'
import { useOpenDialog } from '../../shell/dialog-place.tsx'
import { useMerchantId } from '../../shell/merchant.tsx'
import { Ask } from '../../ui/ask.tsx'
import { Badge } from '../../ui/badge.tsx'
import { Button, IconButton } from '../../ui/button.tsx'
import { Menu, MenuItem } from '../../ui/menu.tsx'
import { PageHead, Section } from '../../ui/page.tsx'
import { Empty, FaultNotice, SkeletonRows } from '../../ui/states.tsx'
import { Table, Td, Th, Tr } from '../../ui/table.tsx'
import { Time } from '../../ui/time.tsx'
import { useAction } from '../../ui/use-action.ts'
import { words } from '../../words.ts'
import { InviteDialog } from './invite.tsx'

export function Team() {
  const user = useUser()
  const merchantId = useMerchantId()
  const [isInviting, setInviting] = useState(false)
  const isChanger = merchantId !== null && mayChange(user, merchantId)
  return (
    <>
      <PageHead
        title={words.team.title}
        about={words.team.about}
        actions={
          isChanger && (
            <Button kind="primary" icon="plus" onClick={() => setInviting(true)}>
              {words.team.invite}
            </Button>
          )
        }
      />
      {merchantId === null ? (
        <div className="card">
          <Empty icon="team" title={words.team.choose}>
            {words.team.chooseAbout}
          </Empty>
        </div>
      ) : (
        <>
          <Members merchantId={merchantId} isChanger={isChanger} />
          <Invitations merchantId={merchantId} isChanger={isChanger} />
        </>
      )}
      {isInviting && merchantId !== null && (
        <InviteDialog merchantId={merchantId} close={() => setInviting(false)} />
      )}
    </>
  )
}

interface PartProps {
  readonly merchantId: string
  readonly isChanger: boolean
}

function Members({ merchantId, isChanger }: PartProps) {
  const found = useQuery(memberList(merchantId))
  const columns = words.team.columns
  if (found.isError && found.data === undefined)
    return <FaultNotice fault={found.error} what={words.team.failed} again={() => void found.refetch()} />
  const members = found.data?.data ?? []
  return (
    <Section title={words.team.members}>
      <div className="card overflow-hidden">
        {found.isPending && <SkeletonRows rows={3} columns={3} />}
        {found.data && members.length === 0 && (
          <Empty icon="team" title={words.team.empty}>
            {words.team.emptyAbout}
          </Empty>
        )}
        {members.length > 0 && (
          <Table
            caption={words.team.members}
            head={
              <>
                <Th>{columns.person}</Th>
                <Th>{columns.role}</Th>
                <Th shown="roomy">{columns.signedIn}</Th>
                <Th className="w-10">
                  <span className="sr-only">{words.common.actions('')}</span>
                </Th>
              </>
            }
          >
            {members.map((one) => (
              <MemberRow key={one.id} one={one} merchantId={merchantId} isChanger={isChanger} />
            ))}
          </Table>
        )}
      </div>
    </Section>
  )
}

function MemberRow({ one, merchantId, isChanger }: PartProps & { one: Member }) {
  const user = useUser()
  const client = useQueryClient()
  const open = useOpenDialog()
  const again = (): void => void client.invalidateQueries({ queryKey: ['members', merchantId] })
  const other = one.role === 'admin' ? 'viewer' : 'admin'
  const change = useAction(() => changeMember(merchantId, one.id, other), again)
  const remove = (): void =>
    open((close) => (
      <Ask
        title={words.team.removeTitle(one.email)}
        about={words.team.removeAbout}
        submit={words.team.remove}
        working={words.team.removing}
        failed={words.team.removeFailed}
        act={() => removeMember(merchantId, one.id)}
        done={again}
        close={close}
      />
    ))
  return (
    <Tr isDim={one.status === 'disabled'}>
      <Td className="max-w-[280px]">
        <span className="block truncate font-medium">{one.email}</span>
        <span className="flex gap-1 text-xs text-ink-3">
          {one.id === user.id && words.team.you}
          {one.status === 'disabled' && words.team.disabled}
        </span>
        {change.fault !== null && <FaultNotice fault={change.fault} what={words.team.changeFailed} />}
      </Td>
      <Td>
        <Badge tone={one.role === 'admin' ? 'accent' : 'plain'}>{words.shell.role[one.role]}</Badge>
      </Td>
      <Td shown="roomy" className="text-ink-2">
        <Time at={one.signed_in_at} never={words.team.never} />
      </Td>
      <Td className="pr-2 pl-0">
        {isChanger && (
          <Menu button={<IconButton icon="more" label={words.common.actions(one.email)} />}>
            <MenuItem icon="shield" onSelect={() => change.run(undefined)}>
              {other === 'admin' ? words.team.makeAdmin : words.team.makeViewer}
            </MenuItem>
            <MenuItem icon="trash" isBad onSelect={remove}>
              {words.team.remove}
            </MenuItem>
          </Menu>
        )}
      </Td>
    </Tr>
  )
}

function Invitations({ merchantId, isChanger }: PartProps) {
  const found = useQuery(invitationList(merchantId))
  const open = found.data?.data ?? []
  if (open.length === 0) return null
  return (
    <Section title={words.team.invitations}>
      <ul className="card divide-y">
        {open.map((one) => (
          <InvitationRow key={one.id} {...{ one, merchantId, isChanger }} />
        ))}
      </ul>
    </Section>
  )
}

function InvitationRow({ one, merchantId, isChanger }: PartProps & { one: Invitation }) {
  const client = useQueryClient()
  const action = useAction(
    () => withdraw(merchantId, one.id),
    () => void client.invalidateQueries({ queryKey: ['invitations', merchantId] }),
  )
  return (
    <li className="flex min-h-[57px] flex-wrap items-center gap-x-3 gap-y-1 px-4 py-2.5 text-[13px]">
      <span className="min-w-0 flex-1">
        <span className="block truncate font-medium">{one.email}</span>
        <span className="text-ink-3">
          {words.team.columns.expires} <Time at={one.expires_at} />
        </span>
      </span>
      {one.mail === 'failing' && (
        <Badge tone="bad" icon="mail">
          {words.team.mailFailed}
        </Badge>
      )}
      <Badge tone={one.role === 'admin' ? 'accent' : 'plain'}>{words.shell.role[one.role]}</Badge>
      {isChanger && (
        <Button isSmall busy={action.isRunning && words.common.saving} onClick={() => action.run(undefined)}>
          {words.team.withdraw}
        </Button>
      )}
    </li>
  )
}
