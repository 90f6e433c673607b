import { useInfiniteQuery } from '@tanstack/react-query'
import { type KeyFilter, keyList } from '../../api/keys.ts'
import { mayChange, useUser } from '../../api/session.ts'
import { Link, useQueryState } from '../../router.tsx'
import { EnvironmentSwitch, useEnvironment } from '../../shell/environment.tsx'
import { useMerchantId } from '../../shell/merchant.tsx'
import { Button, buttonClass } from '../../ui/button.tsx'
import { Icon } from '../../ui/icon.tsx'
import { Listing } from '../../ui/listing.tsx'
import { PageHead } from '../../ui/page.tsx'
import { Empty } from '../../ui/states.tsx'
import { words } from '../../words.ts'
import { Filters } from './filters.tsx'
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
    sort: query.get('sort'),
    ...(isLast4 ? { last4: text } : { q: text === '' ? null : text }),
    ...(ageName !== '' && { [ageName]: age }),
  }
}

function KeyListing({ isChanger, merchantId }: { isChanger: boolean; merchantId: string | null }) {
  const filter = useFilter(merchantId)
  const found = useInfiniteQuery(keyList(filter))
  const environment = useEnvironment()
  const [query] = useQueryState()
  const isFiltered = ['q', 'status', 'api', 'age'].some((name) => query.has(name))
  const keys = found.data?.pages.flatMap(({ data }) => data) ?? []
  return (
    <>
      <Reminders {...{ merchantId, environment, isChanger }} />
      <Filters merchantId={merchantId} />
      <Listing
        found={found}
        count={keys.length}
        failed={words.keys.failed}
        note={words.keys.shown(keys.length, !found.hasNextPage)}
        empty={isFiltered ? <NothingFits /> : <NoKeys isChanger={isChanger} environment={environment} />}
      >
        <KeyTable keys={keys} />
      </Listing>
    </>
  )
}

function NothingFits() {
  const [, change] = useQueryState()
  return (
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
  )
}

function NoKeys({ isChanger, environment }: { isChanger: boolean; environment: string }) {
  return (
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
  )
}
