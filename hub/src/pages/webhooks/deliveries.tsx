import { useQuery, useQueryClient } from '@tanstack/react-query'
import { type Delivery, deliveryList, type Endpoint, redeliver } from '../../api/webhooks.ts'
import { Badge } from '../../ui/badge.tsx'
import { Button } from '../../ui/button.tsx'
import { Listing } from '../../ui/listing.tsx'
import { Section } from '../../ui/page.tsx'
import { Empty, FaultNotice } from '../../ui/states.tsx'
import { Table, Td, Th, Tr } from '../../ui/table.tsx'
import { Time } from '../../ui/time.tsx'
import { useAction } from '../../ui/use-action.ts'
import { words } from '../../words.ts'

export function Deliveries({ one, isChanger }: { one: Endpoint; isChanger: boolean }) {
  const found = useQuery(deliveryList(one.id))
  const rows = found.data?.data ?? []
  const columns = words.webhooks.deliveryColumns
  return (
    <Section title={words.webhooks.deliveries}>
      <Listing
        found={found}
        count={rows.length}
        failed={words.webhooks.failed}
        rows={3}
        empty={<Empty icon="webhook" title={words.webhooks.noDeliveries} />}
      >
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
      </Listing>
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
        {again.fault !== null && <FaultNotice fault={again.fault} what={words.webhooks.actFailed} />}
      </Td>
    </Tr>
  )
}
