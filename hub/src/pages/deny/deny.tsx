import { useQuery, useQueryClient } from '@tanstack/react-query'
import { type FormEvent, useState } from 'react'
import {
  addDeny,
  type DenyChange,
  denyKinds,
  denyList,
  type DenyKind,
  type DenyRow,
  removeDeny,
} from '../../api/deny.ts'
import { faultOf } from '../../api/fault.ts'
import { useUser } from '../../api/session.ts'
import { Ask } from '../../ui/ask.tsx'
import { Badge } from '../../ui/badge.tsx'
import { Button } from '../../ui/button.tsx'
import { Field, Input, Select } from '../../ui/field.tsx'
import { PageHead } from '../../ui/page.tsx'
import { Empty, FaultNotice, SkeletonRows } from '../../ui/states.tsx'
import { Table, Td, Th, Tr } from '../../ui/table.tsx'
import { Time } from '../../ui/time.tsx'
import { useAction } from '../../ui/use-action.ts'
import { words } from '../../words.ts'

export function Deny() {
  const user = useUser()
  const found = useQuery(denyList)
  const [last, setLast] = useState<DenyChange | null>(null)
  const isAdmin = (user.role ?? 'admin') === 'admin'
  const rows = found.data?.data ?? []
  return (
    <>
      <PageHead title={words.deny.title} about={words.deny.about} beside={last && <Spread change={last} />} />
      {isAdmin && <AddForm done={setLast} />}
      {found.isError && (
        <div className="mb-3">
          <FaultNotice fault={found.error} what={words.deny.listFailed} again={() => void found.refetch()} />
        </div>
      )}
      {(found.isPending || found.data !== undefined) && (
        <div className="card overflow-hidden">
          {found.isPending && <SkeletonRows rows={3} />}
          {found.data && rows.length === 0 && (
            <Empty icon="stop" title={words.deny.emptyTitle}>
              {words.deny.empty}
            </Empty>
          )}
          {rows.length > 0 && <DenyTable rows={rows} isAdmin={isAdmin} done={setLast} />}
        </div>
      )}
    </>
  )
}

function Spread({ change }: { change: DenyChange }) {
  if (change.pending === undefined) return null
  if (change.pending === null)
    return (
      <Badge tone="warn" icon="alert">
        {words.deny.unasked}
      </Badge>
    )
  const count = change.pending.length
  return count === 0 ? (
    <Badge tone="good" icon="check">
      {words.deny.inForce}
    </Badge>
  ) : (
    <Badge tone="warn" icon="clock">
      {words.deny.pending(count)}
    </Badge>
  )
}

function AddForm({ done }: { done: (change: DenyChange) => void }) {
  const client = useQueryClient()
  const [kind, setKind] = useState<DenyKind>('key')
  const [value, setValue] = useState('')
  const [reason, setReason] = useState('')
  const action = useAction(
    () => addDeny(kind, value.trim(), reason),
    (change) => {
      setValue('')
      setReason('')
      done(change)
      void client.invalidateQueries({ queryKey: denyList.queryKey })
    },
  )
  const wrong = faultOf(action.fault, '/value')
  const submit = (event: FormEvent): void => {
    event.preventDefault()
    action.run(undefined)
  }
  return (
    <form onSubmit={submit} className="card mb-4 p-5">
      {action.fault !== null && wrong === undefined && (
        <div className="mb-4">
          <FaultNotice fault={action.fault} what={words.deny.failed} />
        </div>
      )}
      <div className="grid items-start gap-3 sm:grid-cols-[160px_minmax(0,1fr)_minmax(0,1fr)_auto]">
        <Field label={words.deny.kind}>
          <Select
            value={kind}
            onChange={(event) => setKind(denyKinds.find((one) => one === event.target.value) ?? 'key')}
          >
            {denyKinds.map((one) => (
              <option key={one} value={one}>
                {words.deny.kinds[one]}
              </option>
            ))}
          </Select>
        </Field>
        <Field label={words.deny.value} fault={wrong}>
          <Input
            required
            autoComplete="off"
            maxLength={256}
            placeholder={words.deny.hints[kind]}
            value={value}
            onChange={(event) => setValue(event.target.value)}
          />
        </Field>
        <Field label={words.common.reason}>
          <Input maxLength={500} value={reason} onChange={(event) => setReason(event.target.value)} />
        </Field>
        <Button
          kind="danger"
          icon="stop"
          type="submit"
          className="sm:mt-[26px]"
          busy={action.isRunning && words.deny.adding}
        >
          {words.deny.add}
        </Button>
      </div>
    </form>
  )
}

interface TableProps {
  readonly rows: readonly DenyRow[]
  readonly isAdmin: boolean
  readonly done: (change: DenyChange) => void
}

function DenyTable({ rows, isAdmin, done }: TableProps) {
  const client = useQueryClient()
  const [asked, setAsked] = useState<DenyRow | null>(null)
  const columns = words.deny.columns
  return (
    <>
      <Table
        caption={words.deny.title}
        head={
          <>
            <Th>{columns.kind}</Th>
            <Th>{columns.value}</Th>
            <Th shown="middle">{columns.by}</Th>
            <Th shown="middle">{columns.at}</Th>
            <Th>
              <span className="sr-only">{words.deny.remove}</span>
            </Th>
          </>
        }
      >
        {rows.map((row) => (
          <Tr key={`${row.kind} ${row.value}`}>
            <Td>{words.deny.kinds[row.kind]}</Td>
            <Td className="max-w-[300px]">
              <code className="block truncate">{row.value}</code>
            </Td>
            <Td shown="middle" className="text-ink-2">
              {row.actor ?? row.source}
            </Td>
            <Td shown="middle" className="text-ink-2">
              <Time at={row.at} />
            </Td>
            <Td className="text-right">
              {isAdmin &&
                (row.at === null ? (
                  <span className="text-xs text-ink-3">{words.deny.byFile}</span>
                ) : (
                  <Button isSmall onClick={() => setAsked(row)}>
                    {words.deny.remove}
                  </Button>
                ))}
            </Td>
          </Tr>
        ))}
      </Table>
      {asked !== null && (
        <Ask
          title={words.deny.removeTitle(asked.value)}
          about={words.deny.removeAbout}
          submit={words.deny.remove}
          working={words.deny.removing}
          failed={words.deny.removeFailed}
          kind="primary"
          act={() => removeDeny(asked.kind, asked.value)}
          done={(change) => {
            done(change)
            void client.invalidateQueries({ queryKey: denyList.queryKey })
          }}
          close={() => setAsked(null)}
        />
      )}
    </>
  )
}
