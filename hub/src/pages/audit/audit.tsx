import { useInfiniteQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { auditList } from '../../api/audit.ts'
import { queryText } from '../../api/call.ts'
import { useUser } from '../../api/session.ts'
import type { AuditEntry } from '../../api/types.ts'
import { basePath, Link, useQueryState } from '../../router.tsx'
import { holderPath } from '../../shell/holder.ts'
import { buttonClass, IconButton } from '../../ui/button.tsx'
import { Input } from '../../ui/field.tsx'
import { Icon } from '../../ui/icon.tsx'
import { Listing } from '../../ui/listing.tsx'
import { PageHead } from '../../ui/page.tsx'
import { Empty } from '../../ui/states.tsx'
import { Table, Td, Th, Tr } from '../../ui/table.tsx'
import { Time } from '../../ui/time.tsx'
import { words } from '../../words.ts'
import { Verification } from './verification.tsx'

const fields = ['target', 'actor', 'action'] as const

export function Audit() {
  const [query, change] = useQueryState()
  const user = useUser()
  const filter = Object.fromEntries(fields.map((name) => [name, query.get(name)]))
  const found = useInfiniteQuery(auditList(filter))
  const entries = found.data?.pages.flatMap(({ data }) => data) ?? []
  const mayExport = ['admin', 'auditor'].includes(user.role ?? 'admin')
  return (
    <>
      <PageHead
        title={words.audit.title}
        about={words.audit.about}
        actions={
          mayExport && (
            <>
              <Verification />
              <a
                className={buttonClass('plain')}
                download
                href={`${basePath}admin/v1/audit/export${queryText({ format: 'csv', ...filter })}`}
              >
                <Icon name="download" />
                {words.audit.export}
              </a>
            </>
          )
        }
      />
      <form
        key={query.toString()}
        className="mb-3 grid gap-2 sm:grid-cols-3"
        onSubmit={(event) => {
          event.preventDefault()
          const form = event.currentTarget
          change(Object.fromEntries(fields.map((name) => [name, valueOf(form, name)])))
        }}
      >
        {fields.map((name) => (
          <Input
            key={name}
            name={name}
            type="search"
            aria-label={words.audit[name]}
            placeholder={words.audit[name]}
            defaultValue={query.get(name) ?? ''}
          />
        ))}
        <button type="submit" className="sr-only">
          {words.requests.find}
        </button>
      </form>
      <Listing
        found={found}
        count={entries.length}
        failed={words.audit.failed}
        empty={<Empty icon="audit" title={words.audit.empty} />}
      >
        <AuditTable entries={entries} />
      </Listing>
    </>
  )
}

function valueOf(form: HTMLFormElement, name: string): string {
  const field = form.elements.namedItem(name)
  return field instanceof HTMLInputElement ? field.value.trim() : ''
}

function AuditTable({ entries }: { entries: readonly AuditEntry[] }) {
  const columns = words.audit.columns
  return (
    <Table
      caption={words.audit.title}
      head={
        <>
          <Th>{columns.action}</Th>
          <Th shown="roomy">{columns.target}</Th>
          <Th>{columns.actor}</Th>
          <Th shown="middle">{columns.at}</Th>
          <Th className="w-10">
            <span className="sr-only">{words.audit.details}</span>
          </Th>
        </>
      }
    >
      {entries.map((entry) => (
        <EntryRows key={entry.id} entry={entry} />
      ))}
    </Table>
  )
}

function EntryRows({ entry }: { entry: AuditEntry }) {
  const [isOpen, setOpen] = useState(false)
  return (
    <>
      <Tr>
        <Td>
          <code className="font-medium">{entry.action}</code>
          {entry.reason && <q className="block max-w-[36ch] truncate text-xs text-ink-3">{entry.reason}</q>}
        </Td>
        <Td shown="roomy" className="max-w-[260px]">
          <Target id={entry.target} />
        </Td>
        <Td className="max-w-[200px] truncate text-ink-2">{entry.actor}</Td>
        <Td shown="middle" className="text-ink-2">
          <Time at={entry.at} />
        </Td>
        <Td className="pr-2 pl-0">
          <IconButton
            icon={isOpen ? 'down' : 'right'}
            label={words.audit.details}
            aria-expanded={isOpen}
            onClick={() => setOpen(!isOpen)}
          />
        </Td>
      </Tr>
      {isOpen && (
        <tr className="border-b bg-sunk">
          <td colSpan={5} className="px-4 py-3">
            <Change entry={entry} />
          </td>
        </tr>
      )}
    </>
  )
}

function Target({ id }: { id: string }) {
  if (!/^(?:key|cli)_/.test(id)) return <code className="block truncate text-ink-2">{id}</code>
  return (
    <Link to={holderPath(id)} className="block truncate hover:underline">
      <code>{id}</code>
    </Link>
  )
}

/** What is other after it than before. */
function Change({ entry }: { entry: AuditEntry }) {
  const before: Record<string, unknown> = { ...Object(entry.before) }
  const after: Record<string, unknown> = { ...Object(entry.after) }
  const names = [...new Set([...Object.keys(before), ...Object.keys(after)])].filter(
    (name) => JSON.stringify(before[name]) !== JSON.stringify(after[name]),
  )
  return (
    <div className="flex flex-col gap-3 text-xs">
      <dl className="flex flex-wrap gap-x-6 gap-y-1 text-ink-3">
        <div>
          <dt className="inline">{words.audit.from}:</dt>{' '}
          <dd className="inline text-ink-2">{entry.client ?? '—'}</dd>
        </div>
        <div>
          <dt className="inline">{words.audit.request}:</dt>{' '}
          <dd className="inline break-all text-ink-2">
            <code>{entry.request_id ?? '—'}</code>
          </dd>
        </div>
      </dl>
      {names.map((name) => (
        <div key={name} className="grid gap-1 sm:grid-cols-[120px_1fr_1fr]">
          <code className="font-medium">{name}</code>
          <code className="break-all text-ink-3">{shown(before[name])}</code>
          <code className="break-all">{shown(after[name])}</code>
        </div>
      ))}
    </div>
  )
}

function shown(value: unknown): string {
  return value === undefined ? '—' : JSON.stringify(value)
}
