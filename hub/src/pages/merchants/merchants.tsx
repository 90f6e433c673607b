import { useInfiniteQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { newAttempt } from '../../api/attempt.ts'
import { faultOf } from '../../api/fault.ts'
import { addMerchant, merchantPages } from '../../api/merchants.ts'
import { useUser } from '../../api/session.ts'
import { useQueryState } from '../../router.tsx'
import { Button } from '../../ui/button.tsx'
import { Select } from '../../ui/field.tsx'
import { Listing } from '../../ui/listing.tsx'
import { PageHead } from '../../ui/page.tsx'
import { SearchField } from '../../ui/search-field.tsx'
import { Empty } from '../../ui/states.tsx'
import { TextField } from '../../ui/text-field.tsx'
import { FormDialog } from '../../ui/form-dialog.tsx'
import { useAction } from '../../ui/use-action.ts'
import { words } from '../../words.ts'
import { MerchantTable } from './merchant-table.tsx'

export function Merchants() {
  const user = useUser()
  const [query, change] = useQueryState()
  const [isAdding, setAdding] = useState(false)
  const isAdmin = (user.role ?? 'admin') === 'admin'
  const [q, status, sort] = [query.get('q'), query.get('status'), query.get('sort')]
  const found = useInfiniteQuery(merchantPages({ q, status, sort }))
  const merchants = found.data?.pages.flatMap(({ data }) => data) ?? []
  const isFiltered = q !== null || status !== null
  const add = isAdmin && (
    <Button kind="primary" icon="plus" onClick={() => setAdding(true)}>
      {words.merchants.create}
    </Button>
  )
  return (
    <>
      <PageHead title={words.merchants.title} about={words.merchants.about} actions={add} />
      <div className="mb-3 flex flex-wrap gap-2">
        <SearchField
          label={words.merchants.search}
          value={q ?? ''}
          onChange={(text) => change({ q: text })}
        />
        <Select
          aria-label={words.merchants.columns.status}
          className="w-[148px] max-sm:flex-1"
          value={status ?? ''}
          onChange={(event) => change({ status: event.target.value })}
        >
          <option value="">{`${words.merchants.columns.status}: ${words.common.all}`}</option>
          {Object.entries(words.merchants.status).map(([value, label]) => (
            <option key={value} value={value}>
              {label}
            </option>
          ))}
        </Select>
        <Select
          aria-label={words.common.sort}
          className="w-[160px] max-sm:flex-1"
          value={sort ?? ''}
          onChange={(event) => change({ sort: event.target.value })}
        >
          {Object.entries(words.merchants.sorts).map(([value, label]) => (
            <option key={value} value={value}>
              {label}
            </option>
          ))}
        </Select>
      </div>
      <Listing
        found={found}
        count={merchants.length}
        failed={words.merchants.failed}
        empty={
          isFiltered ? (
            <Empty icon="search" title={words.merchants.nothingTitle} />
          ) : (
            <Empty icon="store" title={words.merchants.emptyTitle} action={add}>
              {words.merchants.empty}
            </Empty>
          )
        }
      >
        <MerchantTable merchants={merchants} isAdmin={isAdmin} />
      </Listing>
      {isAdding && <AddDialog close={() => setAdding(false)} />}
    </>
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
  return (
    <FormDialog
      title={words.merchants.createTitle}
      action={action}
      failed={words.merchants.createFailed}
      isTold={wrong !== undefined}
      submit={words.merchants.create}
      working={words.merchants.creating}
      close={close}
    >
      <TextField
        label={words.merchants.name}
        fault={wrong}
        autoFocus
        required
        value={name}
        change={setName}
      />
    </FormDialog>
  )
}
