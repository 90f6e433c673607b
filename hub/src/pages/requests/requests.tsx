import { useInfiniteQuery } from '@tanstack/react-query'
import { type FormEvent, useState } from 'react'
import { call } from '../../api/call.ts'
import { type KeptRequest, requestList } from '../../api/requests.ts'
import type { Key, Page } from '../../api/types.ts'
import { Link, navigate, useQueryState, withKept } from '../../router.tsx'
import { holderPath } from '../../shell/holder.ts'
import { useMerchantId } from '../../shell/merchant.tsx'
import { Button } from '../../ui/button.tsx'
import { Input } from '../../ui/field.tsx'
import { Listing } from '../../ui/listing.tsx'
import { PageHead } from '../../ui/page.tsx'
import { Empty, FaultNotice } from '../../ui/states.tsx'
import { Table, Td, Th, Tr } from '../../ui/table.tsx'
import { Time } from '../../ui/time.tsx'
import { useAction } from '../../ui/use-action.ts'
import { words } from '../../words.ts'
import { OutcomeBadge } from './outcome.tsx'

export function Requests() {
  const merchantId = useMerchantId()
  const [query] = useQueryState()
  const found = useInfiniteQuery(
    requestList({ merchant_id: merchantId, key_id: query.get('key'), code: query.get('code') }),
  )
  const rows = found.data?.pages.flatMap(({ data }) => data) ?? []
  return (
    <>
      <PageHead title={words.requests.title} about={words.requests.about} />
      <LookUp />
      <Listing
        found={found}
        count={rows.length}
        failed={words.requests.failed}
        empty={
          <Empty icon="check" title={words.requests.emptyTitle}>
            {words.requests.empty}
          </Empty>
        }
      >
        <RequestTable rows={rows} />
      </Listing>
    </>
  )
}

/** Where what was typed leads: a request, a key, or the key with those last four characters. */
async function placeOf(text: string): Promise<string> {
  if (/^key_/.test(text)) return `/developers/keys/${text}`
  if (/^[A-Za-z0-9_-]{4}$/.test(text)) {
    const { data } = await call<Page<Key>>('GET', 'admin/v1/keys', { query: { last4: text, limit: 2 } })
    const [only, other] = data
    if (only !== undefined && other === undefined) return `/developers/keys/${only.id}`
    return `/developers?q=${text}&in=last4`
  }
  return `/developers/requests/${encodeURIComponent(text)}`
}

function LookUp() {
  const [text, setText] = useState('')
  const action = useAction(
    () => placeOf(text.trim()),
    (place) => navigate(withKept(place)),
  )
  const submit = (event: FormEvent): void => {
    event.preventDefault()
    if (text.trim() !== '') action.run(undefined)
  }
  return (
    <form onSubmit={submit} className="mb-3 flex flex-wrap gap-2">
      <Input
        type="search"
        aria-label={words.requests.search}
        placeholder={words.requests.search}
        maxLength={128}
        className="flex-1 basis-64"
        value={text}
        onChange={(event) => setText(event.target.value)}
      />
      <Button type="submit" icon="search" busy={action.isRunning && words.common.loading}>
        {words.requests.find}
      </Button>
      {action.fault !== null && <FaultNotice fault={action.fault} what={words.requests.oneFailed} />}
    </form>
  )
}

function RequestTable({ rows }: { rows: readonly KeptRequest[] }) {
  const columns = words.requests.columns
  return (
    <Table
      caption={words.requests.title}
      head={
        <>
          <Th>{columns.request}</Th>
          <Th>{columns.outcome}</Th>
          <Th shown="middle">{columns.key}</Th>
          <Th shown="roomy">{columns.at}</Th>
        </>
      }
    >
      {rows.map((one) => (
        <Tr key={one.id}>
          <Td className="max-w-[380px]">
            <Link
              to={`/developers/requests/${encodeURIComponent(one.id)}`}
              className="block truncate hover:text-accent-ink hover:underline"
            >
              <code>{one.route || one.method}</code>
            </Link>
            <span className="block truncate text-xs text-ink-3">{one.explanation}</span>
          </Td>
          <Td>
            <OutcomeBadge one={one} />
          </Td>
          <Td shown="middle" className="max-w-[160px]">
            {one.key_id !== null && (
              <Link to={holderPath(one.key_id)} className="block truncate text-xs hover:underline">
                <code>{one.key_id}</code>
              </Link>
            )}
          </Td>
          <Td shown="roomy" className="text-ink-2">
            <Time at={one.at} />
          </Td>
        </Tr>
      ))}
    </Table>
  )
}
