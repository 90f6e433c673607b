import { useInfiniteQuery, useQuery } from '@tanstack/react-query'
import { useEffect, useState } from 'react'
import { type KeyFilter, keyList } from '../../api/keys.ts'
import { permissionTable } from '../../api/permissions.ts'
import { keysOfAge } from '../../api/reminders.ts'
import { mayChange, useUser } from '../../api/session.ts'
import { Link, useQueryState } from '../../router.tsx'
import { EnvironmentSwitch, useEnvironment } from '../../shell/environment.tsx'
import { useMerchantId } from '../../shell/merchant.tsx'
import { Button, buttonClass } from '../../ui/button.tsx'
import { Input, Select } from '../../ui/field.tsx'
import { Icon } from '../../ui/icon.tsx'
import { PageHead } from '../../ui/page.tsx'
import { Empty, FaultNotice, SkeletonRows } from '../../ui/states.tsx'
import { words } from '../../words.ts'
import { KeyTable } from './key-table.tsx'
import { Reminders } from './reminders.tsx'

export function Keys() {
  const user = useUser()
  const merchantId = useMerchantId()
  const isChanger = mayChange(user, merchantId)
  return (
    <>
      <PageHead
        title={words.keys.title}
        about={isChanger ? words.keys.about : words.keys.viewer}
        beside={<EnvironmentSwitch />}
        actions={
          isChanger && (
            <Link to="/developers/new" className={buttonClass('primary')}>
              <Icon name="plus" />
              {words.keys.create}
            </Link>
          )
        }
      />
      <KeyListing isChanger={isChanger} merchantId={merchantId} />
    </>
  )
}

/** What the address asks for, in the API's words. */
function useFilter(merchantId: string | null): KeyFilter {
  const [query] = useQueryState()
  const environment = useEnvironment()
  const text = query.get('q')?.trim() ?? ''
  const [ageName = '', age = ''] = (query.get('age') ?? '').split(':')
  const isLast4 = /^[A-Za-z0-9_-]{4}$/.test(text) && query.get('in') === 'last4'
  return {
    merchant_id: merchantId,
    environment,
    api: query.get('api'),
    status: query.get('status'),
    ...(isLast4 ? { last4: text } : { q: text === '' ? null : text }),
    ...(ageName !== '' && { [ageName]: age }),
  }
}

function KeyListing({ isChanger, merchantId }: { isChanger: boolean; merchantId: string | null }) {
  const filter = useFilter(merchantId)
  const found = useInfiniteQuery(keyList(filter))
  const environment = useEnvironment()
  const [query, change] = useQueryState()
  const isFiltered = ['q', 'status', 'api', 'age'].some((name) => query.has(name))
  const keys = found.data?.pages.flatMap(({ data }) => data) ?? []
  return (
    <>
      <Reminders merchantId={merchantId} environment={environment} />
      <Filters merchantId={merchantId} />
      {found.isError && !found.data && (
        <FaultNotice fault={found.error} what={words.keys.failed} again={() => void found.refetch()} />
      )}
      {!(found.isError && !found.data) && (
        <div className="card overflow-hidden">
          {found.isPending && <SkeletonRows />}
          {found.data && keys.length === 0 && isFiltered && (
            <Empty
              icon="search"
              title={words.keys.nothingTitle}
              action={
                <Button onClick={() => change({ q: null, status: null, api: null, age: null, in: null })}>
                  {words.common.clear}
                </Button>
              }
            >
              {words.keys.nothing}
            </Empty>
          )}
          {found.data && keys.length === 0 && !isFiltered && (
            <Empty
              icon="key"
              title={words.keys.emptyTitle(words.environments.name(environment))}
              action={
                isChanger && (
                  <Link to="/developers/new" className={buttonClass('primary')}>
                    <Icon name="plus" />
                    {words.keys.create}
                  </Link>
                )
              }
            >
              {words.keys.empty}
            </Empty>
          )}
          {keys.length > 0 && <KeyTable keys={keys} />}
        </div>
      )}
      {keys.length > 0 && (
        <div className="mt-3 flex items-center justify-between gap-3 text-[13px] text-ink-3">
          <span aria-live="polite">{words.keys.shown(keys.length, !found.hasNextPage)}</span>
          {found.hasNextPage && (
            <Button
              isSmall
              busy={found.isFetchingNextPage && words.common.loading}
              onClick={() => void found.fetchNextPage()}
            >
              {words.common.more}
            </Button>
          )}
        </div>
      )}
    </>
  )
}

const typingMs = 250

function Filters({ merchantId }: { merchantId: string | null }) {
  const [query, change] = useQueryState()
  const table = useQuery(permissionTable)
  const [text, setText] = useState(query.get('q') ?? '')
  useEffect(() => {
    const timer = setTimeout(() => {
      if (text !== (query.get('q') ?? '')) change({ q: text === '' ? null : text, in: null })
    }, typingMs)
    return () => clearTimeout(timer)
  }, [text])
  const environment = useEnvironment()
  const aged = useQuery(keysOfAge('older_than:90d', merchantId, environment))
  const apis = table.data?.data ?? []
  return (
    <div className="mb-3 flex flex-wrap gap-2">
      <span className="relative min-w-0 flex-1 basis-64">
        <Icon name="search" size={15} className="pointer-events-none absolute top-[10px] left-3 text-ink-3" />
        <Input
          type="search"
          aria-label={words.keys.search}
          placeholder={words.keys.search}
          value={text}
          maxLength={100}
          onChange={(event) => setText(event.target.value)}
          className="pl-9"
        />
      </span>
      <Select
        aria-label={words.keys.filters.status}
        className="w-[148px] max-sm:flex-1"
        value={query.get('status') ?? ''}
        onChange={(event) => change({ status: event.target.value })}
      >
        <option value="">{`${words.keys.filters.status}: ${words.common.all}`}</option>
        {Object.entries(words.keys.status).map(([value, label]) => (
          <option key={value} value={value}>
            {label}
          </option>
        ))}
      </Select>
      {aged.isSuccess && (
        <Select
          aria-label={words.keys.filters.age}
          className="w-[180px] max-sm:flex-1"
          value={query.get('age') ?? ''}
          onChange={(event) => change({ age: event.target.value })}
        >
          {Object.entries(words.keys.ageOptions).map(([value, label]) => (
            <option key={value} value={value}>
              {label}
            </option>
          ))}
        </Select>
      )}
      {apis.length > 1 && (
        <Select
          aria-label={words.keys.filters.api}
          className="w-[136px] max-sm:flex-1"
          value={query.get('api') ?? ''}
          onChange={(event) => change({ api: event.target.value })}
        >
          <option value="">{`${words.keys.filters.api}: ${words.common.all}`}</option>
          {apis.map(({ api }) => (
            <option key={api} value={api}>
              {api}
            </option>
          ))}
        </Select>
      )}
    </div>
  )
}
