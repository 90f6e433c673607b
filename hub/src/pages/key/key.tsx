import { useQuery } from '@tanstack/react-query'
import { useEffect, useState } from 'react'
import { keyById, oldSecretOf } from '../../api/keys.ts'
import { mayChange, mayDisable, useUser } from '../../api/session.ts'
import type { Key, KeyWithSecret, Pending } from '../../api/types.ts'
import { useQueryState } from '../../router.tsx'
import { EnvironmentBadge, EnvironmentBar, isLive } from '../../shell/environment.tsx'
import { Detail } from '../../shell/detail.tsx'
import { useForget } from '../../shell/keep-secret.ts'
import { Button, IconButton } from '../../ui/button.tsx'
import { writeText } from '../../ui/copy.tsx'
import { Menu, MenuItem } from '../../ui/menu.tsx'
import { PageHead } from '../../ui/page.tsx'
import { useNow } from '../../ui/time.tsx'
import { words } from '../../words.ts'
import { KeyFace } from '../keys/key-table.tsx'
import { KeyStatus } from '../keys/key-status.tsx'
import { BackToKeys } from '../new-key/new-key.tsx'
import { SecretPanel } from '../new-key/secret.tsx'
import { AddressesDialog } from './addresses.tsx'
import { DetailsDialog } from './details.tsx'
import { EditPermissions, WithoutUnused } from './edit-permissions.tsx'
import { Facts } from './facts.tsx'
import { History } from './history.tsx'
import { InForce } from './in-force.tsx'
import { KeyLimits, LimitsDialog } from './limits.tsx'
import { HeldPermissions } from './permissions.tsx'
import { RotateDialog } from './rotate.tsx'
import { Rotation } from './rotation.tsx'
import { Secrets } from './secrets.tsx'
import { StateNotice } from './state-notice.tsx'
import { KeyUse } from './use.tsx'
import { DisableDialog, EnableDialog, ReleaseDialog, RevokeDialog } from './verbs.tsx'

export type Asked =
  | 'disable'
  | 'enable'
  | 'revoke'
  | 'rotate'
  | 'edit'
  | 'unused'
  | 'details'
  | 'addresses'
  | 'limits'
  | 'release'

export function KeyDetail({ id }: { id: string }) {
  return (
    <Detail
      found={useQuery(keyById(id))}
      icon="key"
      back={<BackToKeys />}
      failed={words.key.failed}
      goneTitle={words.key.goneTitle}
      gone={() => words.key.gone}
    >
      {(one) => <KeyPage one={one} />}
    </Detail>
  )
}

function KeyPage({ one }: { one: Key }) {
  const [query, changeQuery] = useQueryState()
  const [asked, setAsked] = useState<Asked | null>(null)
  const [rotated, setRotated] = useState<KeyWithSecret | null>(null)
  const [settled, setSettled] = useState<readonly Pending[] | undefined>()
  useForget(() => setRotated(null))
  const nowMs = useNow()
  const user = useUser()
  const canChange = mayChange(user, one.merchant_id) && one.status !== 'revoked'
  useEffect(() => {
    const wish = query.get('do')
    if (wish === null) return
    changeQuery({ do: null })
    if (canChange && (wish === 'rotate' || wish === 'unused')) setAsked(wish)
  }, [query, changeQuery, canChange])
  if (rotated !== null)
    return (
      <div className="max-w-[760px]">
        <PageHead title={one.name} above={<BackToKeys />} />
        <SecretPanel made={rotated} title={words.secret.titleRotated} done={() => setRotated(null)} />
      </div>
    )
  const isRotating = one.status !== 'revoked' && oldSecretOf(one, nowMs) !== undefined
  return (
    <>
      {!isLive(one.environment) && (
        <div className="mb-4 overflow-hidden rounded-lg">
          <EnvironmentBar name={one.environment} />
        </div>
      )}
      <PageHead
        title={one.name}
        above={<BackToKeys />}
        about={<KeyFace one={one} />}
        beside={
          <span className="flex flex-wrap items-center gap-2">
            <EnvironmentBadge name={one.environment} />
            <KeyStatus one={one} />
            <InForce pending={settled} />
          </span>
        }
        actions={<Verbs one={one} canChange={canChange} isRotating={isRotating} ask={setAsked} />}
      />
      <StateNotice {...{ one, nowMs }} release={canChange ? () => setAsked('release') : null} />
      {isRotating && <Rotation one={one} canChange={canChange} settled={setSettled} />}
      <div className="grid items-start gap-6 lg:grid-cols-[minmax(0,1fr)_320px]">
        <div className="min-w-0">
          <KeyUse id={one.id} />
          <HeldPermissions one={one} ask={canChange ? setAsked : null} />
          <Secrets one={one} />
          {user.kind === 'operator' && (
            <KeyLimits one={one} ask={canChange ? () => setAsked('limits') : null} />
          )}
        </div>
        <div className="min-w-0">
          <Facts one={one} />
          <History target={one.id} />
        </div>
      </div>
      <Asking
        {...{ one, asked, setRotated }}
        close={() => setAsked(null)}
        settled={(pending) => setSettled(pending)}
      />
    </>
  )
}

interface VerbsProps {
  readonly one: Key
  readonly canChange: boolean
  readonly isRotating: boolean
  readonly ask: (what: Asked) => void
}

function Verbs({ one, canChange, isRotating, ask }: VerbsProps) {
  const user = useUser()
  const canDisable = one.status === 'active' && mayDisable(user, one.merchant_id)
  if (!canChange && !canDisable) return null
  return (
    <>
      {canChange && !isRotating && (
        <Button icon="rotate" onClick={() => ask('rotate')}>
          {words.key.rotate}
        </Button>
      )}
      {canDisable && (
        <Button icon="pause" onClick={() => ask('disable')}>
          {words.key.disable}
        </Button>
      )}
      {canChange && one.status === 'disabled' && (
        <Button icon="play" onClick={() => ask('enable')}>
          {words.key.reactivate}
        </Button>
      )}
      {canChange && (
        <Button kind="warning" onClick={() => ask('revoke')}>
          {words.key.revoke}
        </Button>
      )}
      {canChange && (
        <Menu
          button={
            <IconButton
              icon="more"
              label={words.common.actions(one.name)}
              className="border border-line-strong bg-surface !size-9"
            />
          }
        >
          <MenuItem icon="key" onSelect={() => ask('details')}>
            {words.key.details}
          </MenuItem>
          <MenuItem icon="shield" onSelect={() => ask('edit')}>
            {words.edit.title}
          </MenuItem>
          {one.allowed_ips !== undefined && (
            <MenuItem icon="routes" onSelect={() => ask('addresses')}>
              {words.key.addresses}
            </MenuItem>
          )}
          {user.kind === 'operator' && (
            <MenuItem icon="clock" onSelect={() => ask('limits')}>
              {words.key.limits}
            </MenuItem>
          )}
          <MenuItem icon="copy" onSelect={() => void writeText(one.id)}>
            {words.keys.copyId}
          </MenuItem>
        </Menu>
      )}
    </>
  )
}

interface AskingProps {
  readonly one: Key
  readonly asked: Asked | null
  readonly close: () => void
  readonly setRotated: (key: KeyWithSecret) => void
  readonly settled: (pending: readonly Pending[] | undefined) => void
}

function Asking({ one, asked, close, setRotated, settled }: AskingProps) {
  const props = { one, close, done: ({ pending }: { pending?: readonly Pending[] }) => settled(pending) }
  if (asked === 'disable') return <DisableDialog {...props} />
  if (asked === 'enable') return <EnableDialog {...props} />
  if (asked === 'revoke') return <RevokeDialog {...props} />
  if (asked === 'edit') return <EditPermissions {...props} />
  if (asked === 'unused') return <WithoutUnused {...props} />
  if (asked === 'release') return <ReleaseDialog {...props} />
  if (asked === 'limits') return <LimitsDialog {...props} />
  if (asked === 'addresses') return <AddressesDialog {...props} />
  if (asked === 'details') return <DetailsDialog {...props} />
  if (asked === 'rotate') return <RotateDialog one={one} close={close} rotated={setRotated} />
  return null
}
