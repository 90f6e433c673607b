import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { useUser } from '../../api/session.ts'
import { addOperator, changeOperator, type OneTimeLink, type Operator, operatorList } from '../../api/team.ts'
import { Badge } from '../../ui/badge.tsx'
import { Button, IconButton } from '../../ui/button.tsx'
import { Listing } from '../../ui/listing.tsx'
import { Menu, MenuItem } from '../../ui/menu.tsx'
import { PageHead } from '../../ui/page.tsx'
import { FaultNotice } from '../../ui/states.tsx'
import { Table, Td, Th, Tr } from '../../ui/table.tsx'
import { Time } from '../../ui/time.tsx'
import { useAction } from '../../ui/use-action.ts'
import { words } from '../../words.ts'
import { LinkDialog, PersonDialog } from '../team/person-dialog.tsx'

type Shown = { readonly link: OneTimeLink['link']; readonly email: string }

export function Operators() {
  const user = useUser()
  const found = useQuery(operatorList)
  const [isAdding, setAdding] = useState(false)
  const [shown, setShown] = useState<Shown | null>(null)
  const isAdmin = (user.role ?? 'admin') === 'admin'
  const columns = words.operators.columns
  return (
    <>
      <PageHead
        title={words.operators.title}
        about={words.operators.about}
        actions={
          isAdmin && (
            <Button kind="primary" icon="plus" onClick={() => setAdding(true)}>
              {words.operators.create}
            </Button>
          )
        }
      />
      <Listing
        found={found}
        count={found.data?.data.length ?? 0}
        failed={words.operators.failed}
        rows={3}
        empty={null}
      >
        <Table
          caption={words.operators.title}
          head={
            <>
              <Th>{columns.person}</Th>
              <Th>{columns.role}</Th>
              <Th shown="roomy">{columns.status}</Th>
              <Th shown="middle">{columns.signedIn}</Th>
              <Th className="w-10">
                <span className="sr-only">{words.common.actions('')}</span>
              </Th>
            </>
          }
        >
          {found.data?.data.map((one) => (
            <OperatorRow key={one.id} one={one} isAdmin={isAdmin} show={setShown} />
          ))}
        </Table>
      </Listing>
      {isAdding && <AddDialog close={() => setAdding(false)} />}
      {shown !== null && <LinkDialog {...shown} purpose="password" close={() => setShown(null)} />}
    </>
  )
}

function OperatorRow({
  one,
  isAdmin,
  show,
}: {
  one: Operator
  isAdmin: boolean
  show: (shown: Shown) => void
}) {
  const client = useQueryClient()
  const action = useAction(
    (verb: 'disable' | 'enable' | 'link') => changeOperator(one.id, verb),
    (answer) => {
      void client.invalidateQueries({ queryKey: operatorList.queryKey })
      if ('link' in answer) show({ link: answer.link ?? null, email: one.email })
    },
  )
  return (
    <Tr isDim={one.status === 'disabled'}>
      <Td className="max-w-[280px]">
        <span className="block truncate font-medium">{one.email}</span>
        {action.fault !== null && <FaultNotice fault={action.fault} what={words.operators.changeFailed} />}
      </Td>
      <Td title={words.operators.roleNote[one.role]}>{words.shell.role[one.role]}</Td>
      <Td shown="roomy">
        <Badge tone={one.status === 'active' ? 'good' : one.status === 'invited' ? 'accent' : 'plain'}>
          {words.operators.status[one.status]}
        </Badge>
      </Td>
      <Td shown="middle" className="text-ink-2">
        <Time at={one.signed_in_at} never={words.team.never} />
      </Td>
      <Td className="pr-2 pl-0">
        {isAdmin && (
          <Menu button={<IconButton icon="more" label={words.common.actions(one.email)} />}>
            {one.status !== 'disabled' && (
              <MenuItem icon="key" onSelect={() => action.run('link')}>
                {words.operators.link}
              </MenuItem>
            )}
            {one.status === 'disabled' ? (
              <MenuItem icon="play" onSelect={() => action.run('enable')}>
                {words.operators.enable}
              </MenuItem>
            ) : (
              <MenuItem icon="pause" isBad onSelect={() => action.run('disable')}>
                {words.operators.disable}
              </MenuItem>
            )}
          </Menu>
        )}
      </Td>
    </Tr>
  )
}

const roles = ['read_only', 'auditor', 'support', 'admin'] as const

function AddDialog({ close }: { close: () => void }) {
  const client = useQueryClient()
  return (
    <PersonDialog
      title={words.operators.createTitle}
      submit={words.operators.create}
      working={words.operators.creating}
      failed={words.operators.createFailed}
      purpose="password"
      role="support"
      roles={roles.map((value) => ({
        value,
        label: words.shell.role[value],
        note: words.operators.roleNote[value],
      }))}
      act={addOperator}
      done={() => void client.invalidateQueries({ queryKey: operatorList.queryKey })}
      close={close}
    />
  )
}
