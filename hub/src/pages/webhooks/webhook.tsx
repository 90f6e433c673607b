import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { mayChange, useUser } from '../../api/session.ts'
import {
  type Delivery,
  deliveryList,
  type Endpoint,
  endpointById,
  redeliver,
  removeEndpoint,
  rotateEndpoint,
  setEndpointStatus,
  testEndpoint,
} from '../../api/webhooks.ts'
import { Link, navigate, withKept } from '../../router.tsx'
import { PageSkeleton } from '../../shell/page-skeleton.tsx'
import { Ask } from '../../ui/ask.tsx'
import { Badge, Chip } from '../../ui/badge.tsx'
import { Button, IconButton } from '../../ui/button.tsx'
import { Icon } from '../../ui/icon.tsx'
import { Menu, MenuItem } from '../../ui/menu.tsx'
import { PageHead, Section } from '../../ui/page.tsx'
import { Empty, FaultNotice, SkeletonRows } from '../../ui/states.tsx'
import { Table, Td, Th, Tr } from '../../ui/table.tsx'
import { Time } from '../../ui/time.tsx'
import { useAction } from '../../ui/use-action.ts'
import { words } from '../../words.ts'
import { SigningSecret } from './signing-secret.tsx'
import { EndpointStatus } from './webhooks.tsx'

export function WebhookDetail({ id }: { id: string }) {
  const found = useQuery(endpointById(id))
  if (found.data !== undefined) return <EndpointPage one={found.data} />
  if (found.isPending) return <PageSkeleton />
  return (
    <>
      <PageHead title={words.webhooks.title} above={<Back />} />
      <FaultNotice fault={found.error} what={words.webhooks.failed} again={() => void found.refetch()} />
    </>
  )
}

function Back() {
  return (
    <Link
      to="/developers/webhooks"
      className="no-print mb-1 -ml-1.5 inline-flex h-8 items-center gap-1 rounded-md px-1.5 text-[13px] text-ink-3 hover:text-ink"
    >
      <Icon name="left" size={14} />
      {words.webhooks.title}
    </Link>
  )
}

function EndpointPage({ one }: { one: Endpoint }) {
  const user = useUser()
  const isChanger = mayChange(user, one.merchant_id)
  return (
    <>
      <PageHead
        above={<Back />}
        title={one.name ?? one.url}
        about={one.name === null ? undefined : <code className="text-xs break-all">{one.url}</code>}
        beside={<EndpointStatus one={one} />}
        actions={isChanger && <Actions one={one} />}
      />
      <Section title={words.webhooks.events}>
        <span className="flex flex-wrap gap-1">
          {one.events.includes('*') ? (
            <Chip>{words.webhooks.allEvents}</Chip>
          ) : (
            one.events.map((type) => <Chip key={type}>{type}</Chip>)
          )}
        </span>
      </Section>
      <Deliveries one={one} isChanger={isChanger} />
    </>
  )
}

function Actions({ one }: { one: Endpoint }) {
  const client = useQueryClient()
  const [isRemoving, setRemoving] = useState(false)
  const [isRotating, setRotating] = useState(false)
  const [secret, setSecret] = useState<string | null>(null)
  const again = (): void => {
    void client.invalidateQueries({ queryKey: ['webhook', one.id] })
    void client.invalidateQueries({ queryKey: ['webhooks'] })
    void client.invalidateQueries({ queryKey: ['deliveries', one.id] })
  }
  const test = useAction(() => testEndpoint(one.id), again)
  const other = one.status === 'enabled' ? 'disabled' : 'enabled'
  const change = useAction(() => setEndpointStatus(one.id, other), again)
  const fault = test.fault ?? change.fault
  return (
    <>
      <Button icon="play" busy={test.isRunning && words.webhooks.testing} onClick={() => test.run(undefined)}>
        {words.webhooks.test}
      </Button>
      <Button busy={change.isRunning && words.common.saving} onClick={() => change.run(undefined)}>
        {other === 'disabled' ? words.webhooks.disable : words.webhooks.enable}
      </Button>
      <Menu
        button={
          <IconButton
            icon="more"
            label={words.common.actions(one.url)}
            className="!size-9 border border-line-strong bg-surface"
          />
        }
      >
        <MenuItem icon="rotate" onSelect={() => setRotating(true)}>
          {words.webhooks.rotate}
        </MenuItem>
        <MenuItem icon="trash" isBad onSelect={() => setRemoving(true)}>
          {words.webhooks.remove}
        </MenuItem>
      </Menu>
      {fault !== null && <FaultNotice fault={fault} what={words.webhooks.actFailed} />}
      {secret !== null && <SigningSecret secret={secret} close={() => setSecret(null)} />}
      {isRotating && (
        <Ask
          title={words.webhooks.rotateTitle}
          about={words.webhooks.rotateAbout}
          submit={words.webhooks.rotate}
          working={words.rotate.working}
          failed={words.webhooks.actFailed}
          kind="primary"
          act={() => rotateEndpoint(one.id)}
          done={(answer) => {
            again()
            setSecret(answer.secret)
          }}
          close={() => setRotating(false)}
        />
      )}
      {isRemoving && (
        <Ask
          title={words.webhooks.removeTitle}
          about={words.webhooks.removeAbout}
          submit={words.webhooks.remove}
          working={words.webhooks.removing}
          failed={words.webhooks.actFailed}
          act={() => removeEndpoint(one.id)}
          done={() => {
            void client.invalidateQueries({ queryKey: ['webhooks'] })
            navigate(withKept('/developers/webhooks'))
          }}
          close={() => setRemoving(false)}
        />
      )}
    </>
  )
}

function Deliveries({ one, isChanger }: { one: Endpoint; isChanger: boolean }) {
  const found = useQuery(deliveryList(one.id))
  const rows = found.data?.data ?? []
  const columns = words.webhooks.deliveryColumns
  return (
    <Section title={words.webhooks.deliveries}>
      <div className="card overflow-hidden">
        {found.isPending && <SkeletonRows rows={3} />}
        {found.isError && <FaultNotice fault={found.error} what={words.webhooks.failed} />}
        {found.data && rows.length === 0 && <Empty icon="webhook" title={words.webhooks.noDeliveries} />}
        {rows.length > 0 && (
          <Table
            caption={words.webhooks.deliveries}
            head={
              <>
                <Th>{columns.event}</Th>
                <Th>{columns.status}</Th>
                <Th shown="middle" isNumber>
                  {columns.attempts}
                </Th>
                <Th shown="roomy">{columns.answer}</Th>
                <Th shown="middle">{columns.at}</Th>
                <Th>
                  <span className="sr-only">{words.webhooks.again}</span>
                </Th>
              </>
            }
          >
            {rows.map((row) => (
              <DeliveryRow key={row.id} row={row} endpoint={one.id} isChanger={isChanger} />
            ))}
          </Table>
        )}
      </div>
    </Section>
  )
}

const tones = { pending: 'accent', delivered: 'good', failed: 'bad' } as const

function DeliveryRow({ row, endpoint, isChanger }: { row: Delivery; endpoint: string; isChanger: boolean }) {
  const client = useQueryClient()
  const again = useAction(
    () => redeliver(endpoint, row.id),
    () => void client.invalidateQueries({ queryKey: ['deliveries', endpoint] }),
  )
  return (
    <Tr>
      <Td>
        <code>{row.type}</code>
      </Td>
      <Td>
        <Badge tone={tones[row.status]}>{words.webhooks.deliveryStatus[row.status]}</Badge>
      </Td>
      <Td shown="middle" isNumber>
        {row.attempts}
      </Td>
      <Td shown="roomy" className="text-ink-2">
        {row.response_status ?? row.failure ?? '—'}
      </Td>
      <Td shown="middle" className="text-ink-2">
        <Time at={row.last_attempt_at ?? row.created_at} />
      </Td>
      <Td className="text-right">
        {isChanger && (
          <Button
            isSmall
            kind="quiet"
            busy={again.isRunning && words.webhooks.testing}
            onClick={() => again.run(undefined)}
          >
            {words.webhooks.again}
          </Button>
        )}
      </Td>
    </Tr>
  )
}
