import { useInfiniteQuery, useQueryClient } from '@tanstack/react-query'
import { type FormEvent, useState } from 'react'
import { newAttempt } from '../../api/attempt.ts'
import { faultOf } from '../../api/fault.ts'
import { actOnMerchant, addMerchant, merchantPages } from '../../api/merchants.ts'
import { useUser } from '../../api/session.ts'
import type { Merchant } from '../../api/types.ts'
import { Link, navigate, useQueryState } from '../../router.tsx'
import { Ask } from '../../ui/ask.tsx'
import { Badge } from '../../ui/badge.tsx'
import { Button, IconButton } from '../../ui/button.tsx'
import { Dialog, DialogActions } from '../../ui/dialog.tsx'
import { Field, Input } from '../../ui/field.tsx'
import { Menu, MenuItem, MenuLine } from '../../ui/menu.tsx'
import { PageHead } from '../../ui/page.tsx'
import { Empty, FaultNotice, SkeletonRows } from '../../ui/states.tsx'
import { Table, Td, Th, Tr } from '../../ui/table.tsx'
import { Time } from '../../ui/time.tsx'
import { useAction } from '../../ui/use-action.ts'
import { words } from '../../words.ts'
import { ReasonField } from '../key/verbs.tsx'

export function Merchants() {
  const user = useUser()
  const [query, change] = useQueryState()
  const [isAdding, setAdding] = useState(false)
  const found = useInfiniteQuery(merchantPages({ q: null }))
  const isAdmin = (user.role ?? 'admin') === 'admin'
  const text = query.get('q') ?? ''
  const wanted = text.trim().toLowerCase()
  const all = found.data?.pages.flatMap(({ data }) => data) ?? []
  const merchants = all.filter(({ id, name }) => id === text.trim() || name.toLowerCase().includes(wanted))
  const add = isAdmin && (
    <Button kind="primary" icon="plus" onClick={() => setAdding(true)}>
      {words.merchants.create}
    </Button>
  )
  return (
    <>
      <PageHead title={words.merchants.title} about={words.merchants.about} actions={add} />
      <div className="mb-3">
        <Input
          type="search"
          aria-label={words.merchants.search}
          placeholder={words.merchants.search}
          value={text}
          onChange={(event) => change({ q: event.target.value })}
        />
      </div>
      {found.isError ? (
        <FaultNotice fault={found.error} what={words.merchants.failed} again={() => void found.refetch()} />
      ) : (
        <div className="card overflow-hidden">
          {found.isPending && <SkeletonRows />}
          {found.data && merchants.length === 0 && (
            <Empty icon="store" title={words.merchants.emptyTitle} action={add}>
              {words.merchants.empty}
            </Empty>
          )}
          {merchants.length > 0 && <MerchantTable merchants={merchants} isAdmin={isAdmin} />}
        </div>
      )}
      {found.hasNextPage && (
        <div className="mt-3 flex justify-end">
          <Button
            isSmall
            busy={found.isFetchingNextPage && words.common.loading}
            onClick={() => void found.fetchNextPage()}
          >
            {words.common.more}
          </Button>
        </div>
      )}
      {isAdding && <AddDialog close={() => setAdding(false)} />}
    </>
  )
}

function MerchantTable({ merchants, isAdmin }: { merchants: readonly Merchant[]; isAdmin: boolean }) {
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
  const [isAsking, setAsking] = useState(false)
  const isActive = one.status === 'active'
  return (
    <Tr isDim={!isActive}>
      <Td className="max-w-[320px]">
        <Link
          to={`/developers?merchant=${one.id}`}
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
          {isAdmin && <MenuLine />}
          {isAdmin && (
            <MenuItem icon={isActive ? 'pause' : 'play'} isBad={isActive} onSelect={() => setAsking(true)}>
              {isActive ? words.merchants.suspend : words.merchants.resume}
            </MenuItem>
          )}
        </Menu>
        {isAsking && <ActDialog one={one} close={() => setAsking(false)} />}
      </Td>
    </Tr>
  )
}

function ActDialog({ one, close }: { one: Merchant; close: () => void }) {
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
      done={() => void client.invalidateQueries({ queryKey: ['merchants'] })}
      close={close}
    >
      <ReasonField value={reason} onChange={setReason} />
    </Ask>
  )
}

function AddDialog({ close }: { close: () => void }) {
  const client = useQueryClient()
  const [attempt] = useState(newAttempt)
  const [name, setName] = useState('')
  const action = useAction(
    () => addMerchant(name.trim(), attempt),
    () => {
      void client.invalidateQueries({ queryKey: ['merchants'] })
      close()
    },
  )
  const wrong = faultOf(action.fault, '/name')
  const submit = (event: FormEvent): void => {
    event.preventDefault()
    action.run(undefined)
  }
  return (
    <Dialog title={words.merchants.createTitle} onClose={close}>
      <form onSubmit={submit} className="flex flex-col gap-4">
        {action.fault !== null && wrong === undefined && (
          <FaultNotice fault={action.fault} what={words.merchants.createFailed} />
        )}
        <Field label={words.merchants.name} fault={wrong}>
          <Input autoFocus required value={name} onChange={(event) => setName(event.target.value)} />
        </Field>
        <DialogActions>
          <Button onClick={close}>{words.common.cancel}</Button>
          <Button kind="primary" type="submit" busy={action.isRunning && words.merchants.creating}>
            {words.merchants.create}
          </Button>
        </DialogActions>
      </form>
    </Dialog>
  )
}
