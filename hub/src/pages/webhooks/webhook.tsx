import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { mayChange, useUser } from '../../api/session.ts'
import {
  type Endpoint,
  endpointById,
  removeEndpoint,
  rotateEndpoint,
  setEndpointStatus,
  testEndpoint,
} from '../../api/webhooks.ts'
import { navigate, withKept } from '../../router.tsx'
import { Back, Detail } from '../../shell/detail.tsx'
import { SecretDialog } from '../../shell/secret-dialog.tsx'
import { Ask } from '../../ui/ask.tsx'
import { Chip } from '../../ui/badge.tsx'
import { Button, IconButton } from '../../ui/button.tsx'
import { Menu, MenuItem } from '../../ui/menu.tsx'
import { PageHead, Section } from '../../ui/page.tsx'
import { FaultNotice } from '../../ui/states.tsx'
import { useAction } from '../../ui/use-action.ts'
import { words } from '../../words.ts'
import { Deliveries } from './deliveries.tsx'
import { EndpointStatus } from './webhooks.tsx'

export function WebhookDetail({ id }: { id: string }) {
  return (
    <Detail
      found={useQuery(endpointById(id))}
      icon="webhook"
      back={<BackToWebhooks />}
      failed={words.webhooks.failed}
      goneTitle={words.webhooks.goneTitle}
      gone={() => words.webhooks.gone}
    >
      {(one) => <EndpointPage one={one} />}
    </Detail>
  )
}

function BackToWebhooks() {
  return <Back to="/developers/webhooks">{words.webhooks.title}</Back>
}

function EndpointPage({ one }: { one: Endpoint }) {
  const user = useUser()
  const isChanger = mayChange(user, one.merchant_id)
  return (
    <>
      <PageHead
        above={<BackToWebhooks />}
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
      {secret !== null && (
        <SecretDialog text={words.webhooks} secret={secret} close={() => setSecret(null)} />
      )}
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
