import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { newAttempt } from '../../api/attempt.ts'
import { ApiFault, faultOf } from '../../api/fault.ts'
import { mayChange, useUser } from '../../api/session.ts'
import { addEndpoint, type Endpoint, endpointList, type EndpointWithSecret } from '../../api/webhooks.ts'
import { Link } from '../../router.tsx'
import { useMerchantId } from '../../shell/merchant.tsx'
import { SecretDialog } from '../../shell/secret-dialog.tsx'
import { Badge } from '../../ui/badge.tsx'
import { Button } from '../../ui/button.tsx'
import { Check } from '../../ui/field.tsx'
import { Listing } from '../../ui/listing.tsx'
import { PageHead } from '../../ui/page.tsx'
import { Empty } from '../../ui/states.tsx'
import { Table, Td, Th, Tr } from '../../ui/table.tsx'
import { Time } from '../../ui/time.tsx'
import { TextField } from '../../ui/text-field.tsx'
import { FormDialog } from '../../ui/form-dialog.tsx'
import { useAction } from '../../ui/use-action.ts'
import { words } from '../../words.ts'

export function Webhooks() {
  const user = useUser()
  const merchantId = useMerchantId()
  const found = useQuery(endpointList(merchantId))
  const [isAdding, setAdding] = useState(false)
  const [made, setMade] = useState<EndpointWithSecret | null>(null)
  const endpoints = found.data?.data ?? []
  const isMissing = found.error instanceof ApiFault && found.error.status === 404
  const add = mayChange(user, merchantId) && !isMissing && (
    <Button kind="primary" icon="plus" onClick={() => setAdding(true)}>
      {words.webhooks.create}
    </Button>
  )
  return (
    <>
      <PageHead title={words.webhooks.title} about={words.webhooks.about} actions={add} />
      {found.isError && isMissing ? (
        <div className="card">
          <Empty icon="webhook" title={words.webhooks.missingTitle}>
            {words.webhooks.missing}
          </Empty>
        </div>
      ) : (
        <Listing
          found={found}
          count={endpoints.length}
          failed={words.webhooks.failed}
          rows={3}
          empty={
            <Empty icon="webhook" title={words.webhooks.emptyTitle} action={add}>
              {words.webhooks.empty}
            </Empty>
          }
        >
          <EndpointTable endpoints={endpoints} />
        </Listing>
      )}
      {isAdding && <AddDialog merchantId={merchantId} close={() => setAdding(false)} made={setMade} />}
      {made !== null && (
        <SecretDialog text={words.webhooks} secret={made.secret} close={() => setMade(null)} />
      )}
    </>
  )
}

export function EndpointStatus({ one }: { one: Endpoint }) {
  const reason = one.disabled_reason === null ? undefined : words.webhooks.reasons[one.disabled_reason]
  return (
    <span className="flex flex-wrap gap-1">
      <Badge
        tone={one.status === 'enabled' ? 'good' : 'warn'}
        {...(reason !== undefined && { title: reason })}
      >
        {words.webhooks.status[one.status]}
      </Badge>
      {one.failures > 0 && (
        <Badge tone="bad" icon="alert">
          {words.webhooks.failing(one.failures)}
        </Badge>
      )}
    </span>
  )
}

function EndpointTable({ endpoints }: { endpoints: readonly Endpoint[] }) {
  const columns = words.webhooks.columns
  return (
    <Table
      caption={words.webhooks.title}
      head={
        <>
          <Th>{columns.url}</Th>
          <Th shown="middle">{columns.events}</Th>
          <Th>{columns.status}</Th>
          <Th shown="roomy">{columns.last}</Th>
        </>
      }
    >
      {endpoints.map((one) => (
        <Tr key={one.id}>
          <Td className="max-w-[380px]">
            <Link
              to={`/developers/webhooks/${one.id}`}
              className="block truncate font-medium hover:text-accent-ink hover:underline"
            >
              {one.name ?? one.url}
            </Link>
            {one.name !== null && <span className="block truncate text-xs text-ink-3">{one.url}</span>}
          </Td>
          <Td shown="middle" className="text-ink-2" title={one.events.join('\n')}>
            {one.events.includes('*') ? words.common.all : one.events.length}
          </Td>
          <Td>
            <EndpointStatus one={one} />
          </Td>
          <Td shown="roomy" className="text-ink-2">
            <Time at={one.last_delivered_at} never={words.common.never} />
          </Td>
        </Tr>
      ))}
    </Table>
  )
}

interface AddProps {
  readonly merchantId: string | null
  readonly close: () => void
  readonly made: (endpoint: EndpointWithSecret) => void
}

function AddDialog({ merchantId, close, made }: AddProps) {
  const client = useQueryClient()
  const [attempt] = useState(newAttempt)
  const [fields, setFields] = useState({ url: '', name: '' })
  const [events, setEvents] = useState<ReadonlySet<string>>(new Set(['*']))
  const isAll = events.has('*')
  const action = useAction(
    () =>
      addEndpoint(
        {
          url: fields.url.trim(),
          events: [...events],
          ...(fields.name.trim() !== '' && { name: fields.name.trim() }),
          ...(merchantId !== null && { merchant_id: merchantId }),
        },
        attempt,
      ),
    (answer) => {
      void client.invalidateQueries({ queryKey: ['webhooks'] })
      close()
      made(answer)
    },
  )
  const toggle = (type: string): void => {
    const next = new Set(events)
    if (!next.delete(type)) next.add(type)
    setEvents(next)
  }
  const wrong = faultOf(action.fault, '/url')
  return (
    <FormDialog
      title={words.webhooks.createTitle}
      action={action}
      failed={words.webhooks.createFailed}
      isTold={wrong !== undefined}
      submit={words.webhooks.create}
      working={words.webhooks.creating}
      isReady={!(events.size === 0)}
      close={close}
    >
      <TextField
        label={words.webhooks.url}
        hint={words.webhooks.urlHint}
        fault={wrong}
        type="url"
        required
        autoFocus
        placeholder="https://"
        value={fields.url}
        change={(url) => setFields({ ...fields, url })}
      />
      <TextField
        label={`${words.webhooks.name} (${words.common.optional})`}
        value={fields.name}
        change={(name) => setFields({ ...fields, name })}
      />
      <fieldset>
        <legend className="mb-1.5 text-[13px] font-medium">{words.webhooks.events}</legend>
        <div className="flex flex-col gap-1.5">
          <Check
            label={words.webhooks.allEvents}
            checked={isAll}
            onChange={(event) => setEvents(new Set(event.target.checked ? ['*'] : []))}
          />
          {!isAll &&
            Object.entries(words.webhooks.types).map(([type, label]) => (
              <Check
                key={type}
                label={label}
                note={<code>{type}</code>}
                checked={events.has(type)}
                onChange={() => toggle(type)}
              />
            ))}
        </div>
      </fieldset>
    </FormDialog>
  )
}
