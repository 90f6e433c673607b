// One application: where it sends people back, what it may ask for, its secrets, what its tokens do, and who has allowed it.

import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { type Client, clientById, type ClientWithSecret, isByCertificate } from '../../api/clients.ts'
import { mayChange, useUser } from '../../api/session.ts'
import { Back, Detail } from '../../shell/detail.tsx'
import { EnvironmentBadge } from '../../shell/environment.tsx'
import { SecretDialog } from '../../shell/secret-dialog.tsx'
import { Button } from '../../ui/button.tsx'
import { CopyButton } from '../../ui/copy.tsx'
import { PageHead, Section } from '../../ui/page.tsx'
import { Notice } from '../../ui/states.tsx'
import { Time } from '../../ui/time.tsx'
import { words } from '../../words.ts'
import { oauthWords } from '../../words/oauth.ts'
import { Fact } from '../key/facts.tsx'
import { KeyUse } from '../key/use.tsx'
import { ActDialog, EditDialog, PermissionsDialog, RotateDialog } from './client-changes.tsx'
import { ClientSecrets, HeldPermissions, RedirectUris, Refusals } from './client-parts.tsx'
import { Grants } from './grants.tsx'
import { ClientStatus, OwnerName } from './oauth.tsx'

const text = oauthWords.client

export function ClientDetail({ id }: { id: string }) {
  return (
    <Detail
      found={useQuery(clientById(id))}
      icon="app"
      back={<BackToApplications />}
      failed={text.failed}
      goneTitle={text.goneTitle}
      gone={() => text.gone}
    >
      {(one) => <ClientPage one={one} />}
    </Detail>
  )
}

export function BackToApplications() {
  return <Back to="/developers/oauth">{text.back}</Back>
}

type Asked = 'edit' | 'permissions' | 'rotate' | 'act'

function ClientPage({ one }: { one: Client }) {
  const user = useUser()
  const [asked, setAsked] = useState<Asked | null>(null)
  const [made, setMade] = useState<ClientWithSecret | null>(null)
  const canChange = mayChange(user, one.merchant_id)
  const close = (): void => setAsked(null)
  const ask = canChange ? setAsked : null
  return (
    <>
      <PageHead
        above={<BackToApplications />}
        title={one.name}
        about={<code className="text-ink-2">{one.client_id}</code>}
        beside={
          <span className="flex flex-wrap items-center gap-2">
            <EnvironmentBadge name={one.environment} />
            <ClientStatus one={one} />
          </span>
        }
        actions={canChange && <Verbs one={one} ask={setAsked} />}
      />
      {one.status === 'disabled' && (
        <div className="mb-6">
          <Notice tone="warn">{text.stateDisabled}</Notice>
        </div>
      )}
      <div className="grid items-start gap-6 lg:grid-cols-[minmax(0,1fr)_320px]">
        <div className="min-w-0">
          <KeyUse id={one.client_id} title={text.use} />
          <Refusals id={one.client_id} />
          <HeldPermissions one={one} edit={ask && (() => ask('permissions'))} />
          <RedirectUris one={one} edit={ask && (() => ask('edit'))} />
          <ClientSecrets one={one} />
          <Grants merchantId={one.merchant_id} clientId={one.client_id} />
        </div>
        <div className="min-w-0">
          <Facts one={one} />
        </div>
      </div>
      {asked === 'edit' && <EditDialog one={one} close={close} />}
      {asked === 'permissions' && <PermissionsDialog one={one} close={close} />}
      {asked === 'rotate' && <RotateDialog one={one} close={close} made={setMade} />}
      {asked === 'act' && <ActDialog one={one} close={close} />}
      {made !== null && <SecretDialog secret={made.client_secret} text={text} close={() => setMade(null)} />}
    </>
  )
}

function Verbs({ one, ask }: { one: Client; ask: (what: Asked) => void }) {
  const isActive = one.status === 'active'
  return (
    <>
      {one.auth_method === 'client_secret' && (
        <Button icon="rotate" onClick={() => ask('rotate')}>
          {text.rotate}
        </Button>
      )}
      <Button icon={isActive ? 'pause' : 'play'} onClick={() => ask('act')}>
        {isActive ? text.disable : text.enable}
      </Button>
    </>
  )
}

function Facts({ one }: { one: Client }) {
  return (
    <Section title={text.facts}>
      <dl className="card divide-y text-[13px]">
        <Fact name={text.id}>
          <span className="flex min-w-0 items-center justify-end gap-1">
            <code className="truncate">{one.client_id}</code>
            <CopyButton text={one.client_id} label={text.copyId} isQuiet />
          </span>
        </Fact>
        <Fact name={text.merchant}>
          <OwnerName id={one.merchant_id} />
        </Fact>
        <Fact name={words.key.api}>{one.api}</Fact>
        <Fact name={oauthWords.oauth.columns.ways}>
          {one.grants.map((way) => oauthWords.oauth.ways[way]).join(', ')}
        </Fact>
        <Fact name={text.method}>{text.methods[one.auth_method]}</Fact>
        {Object.entries(one.tls_subject ?? {}).map(([kind, name]) => (
          <Fact key={kind} name={text.subject}>
            <code className="break-all">{name}</code>
          </Fact>
        ))}
        {one.jwks_uri && (
          <Fact name={text.jwksUri}>
            <code className="break-all">{one.jwks_uri}</code>
          </Fact>
        )}
        <Fact name={isByCertificate(one.auth_method) ? text.boundToCertificate : text.bound}>
          {one.bound ? text.yes : text.no}
        </Fact>
        <Fact name={words.key.created}>
          <Time at={one.created_at} />
        </Fact>
        <Fact name={words.key.createdBy}>{one.created_by}</Fact>
      </dl>
    </Section>
  )
}
