// Programs of others: those that are registered, and what people have allowed them.

import { useQuery } from '@tanstack/react-query'
import { type Client, clientList } from '../../api/clients.ts'
import { mayChange, useUser } from '../../api/session.ts'
import { Link, navigate, withKept } from '../../router.tsx'
import { EnvironmentBadge } from '../../shell/environment.tsx'
import { useMerchantId, useMerchantName } from '../../shell/merchant.tsx'
import { Badge } from '../../ui/badge.tsx'
import { Button } from '../../ui/button.tsx'
import { Listing } from '../../ui/listing.tsx'
import { PageHead, Section } from '../../ui/page.tsx'
import { Empty } from '../../ui/states.tsx'
import { Table, Td, Th, Tr } from '../../ui/table.tsx'
import { Time } from '../../ui/time.tsx'
import { words } from '../../words.ts'
import { oauthWords } from '../../words/oauth.ts'
import { Grants } from './grants.tsx'

export function OAuth() {
  const user = useUser()
  const merchantId = useMerchantId()
  const found = useQuery(clientList(merchantId))
  const clients = found.data?.data ?? []
  const create = mayChange(user, merchantId) && (
    <Button kind="primary" icon="plus" onClick={() => navigate(withKept('/developers/oauth/new'))}>
      {oauthWords.oauth.create}
    </Button>
  )
  return (
    <>
      <PageHead title={oauthWords.oauth.title} about={oauthWords.oauth.about} actions={create} />
      <Section title={oauthWords.oauth.applications} about={oauthWords.oauth.applicationsAbout}>
        <Listing
          found={found}
          count={clients.length}
          failed={oauthWords.oauth.failed}
          rows={3}
          empty={
            <Empty icon="app" title={oauthWords.oauth.noneTitle}>
              {oauthWords.oauth.none}
            </Empty>
          }
        >
          <ClientTable clients={clients} />
        </Listing>
      </Section>
      <Grants merchantId={merchantId} />
    </>
  )
}

export function ClientStatus({ one }: { one: Client }) {
  const isActive = one.status === 'active'
  return (
    <Badge tone={isActive ? 'good' : 'warn'} {...(!isActive && { icon: 'pause' as const })}>
      {oauthWords.oauth.status[one.status]}
    </Badge>
  )
}

function ClientTable({ clients }: { clients: readonly Client[] }) {
  const columns = oauthWords.oauth.columns
  return (
    <Table
      caption={oauthWords.oauth.applications}
      head={
        <>
          <Th>{columns.name}</Th>
          <Th shown="middle">{columns.ways}</Th>
          <Th shown="wide">{columns.uses}</Th>
          <Th>{columns.status}</Th>
          <Th shown="roomy">{columns.created}</Th>
        </>
      }
    >
      {clients.map((one) => (
        <Tr key={one.client_id} isDim={one.status === 'disabled'}>
          <Td className="max-w-[300px]">
            <Link
              to={`/developers/oauth/${one.client_id}`}
              className="block truncate font-medium text-ink hover:text-accent-ink hover:underline"
            >
              {one.name}
            </Link>
            <span className="block truncate text-xs text-ink-3">
              {one.api} · {one.merchant_name ?? one.merchant_id ?? oauthWords.oauth.allMerchants}
            </span>
          </Td>
          <Td shown="middle" className="text-ink-2">
            {one.grants.map((way) => oauthWords.oauth.ways[way]).join(', ')}
          </Td>
          <Td shown="wide" className="text-ink-2" title={one.permissions.join('\n')}>
            {one.permissions.includes('*')
              ? words.newKey.full
              : oauthWords.oauth.permissions(one.permissions.length)}
          </Td>
          <Td>
            <span className="flex flex-wrap gap-1">
              <EnvironmentBadge name={one.environment} />
              <ClientStatus one={one} />
            </span>
          </Td>
          <Td shown="roomy" className="text-ink-2">
            <Time at={one.created_at} />
          </Td>
        </Tr>
      ))}
    </Table>
  )
}

export function OwnerName({ id }: { id: string | null }) {
  return <>{useMerchantName(id) ?? oauthWords.oauth.allMerchants}</>
}
