import { useInfiniteQuery, useQuery } from '@tanstack/react-query'
import { type FormEvent, useState } from 'react'
import { newAttempt } from '../../api/attempt.ts'
import { createKey, keyList, useTakeKey } from '../../api/keys.ts'
import { faultOf } from '../../api/fault.ts'
import { permissionTable } from '../../api/permissions.ts'
import { mayChange, useUser } from '../../api/session.ts'
import type { ApiPermissions, KeyWithSecret } from '../../api/types.ts'
import { navigate, withKept } from '../../router.tsx'
import { EnvironmentBar, useEnvironment } from '../../shell/environment.tsx'
import { useForget } from '../../shell/keep-secret.ts'
import { useMerchantId } from '../../shell/merchant.tsx'
import { Button } from '../../ui/button.tsx'
import { Field, Input } from '../../ui/field.tsx'
import { Icon } from '../../ui/icon.tsx'
import { PageHead } from '../../ui/page.tsx'
import { FaultNotice, Notice } from '../../ui/states.tsx'
import { useAction } from '../../ui/use-action.ts'
import { words } from '../../words.ts'
import { Back } from '../../shell/detail.tsx'
import { PageSkeleton } from '../../shell/page-skeleton.tsx'
import { ApiChoice, EnvironmentChoice, ExpiryField, MerchantField } from './fields.tsx'
import { PermissionPicker } from './permission-picker.tsx'
import { SecretPanel } from './secret.tsx'

export function CreateKey() {
  const user = useUser()
  const merchantId = useMerchantId()
  const table = useQuery(permissionTable)
  const [made, setMade] = useState<KeyWithSecret | null>(null)
  useForget(() => setMade(null))
  const text = words.newKey
  if (!mayChange(user, merchantId))
    return (
      <>
        <PageHead title={text.title} above={<BackToKeys />} />
        <Notice tone="info" title={text.noKeyTitle}>
          {words.keys.viewer}
        </Notice>
      </>
    )
  if (made !== null)
    return (
      <div className="max-w-[760px]">
        <PageHead title={text.title} above={<BackToKeys />} />
        <SecretPanel
          made={made}
          title={words.secret.title}
          done={() => navigate(withKept(`/developers/keys/${made.id}`), { replace: true })}
        />
      </div>
    )
  return (
    <div className="max-w-[760px]">
      <PageHead title={text.title} about={text.about} above={<BackToKeys />} />
      {table.isError && (
        <FaultNotice fault={table.error} what={text.failed} again={() => void table.refetch()} />
      )}
      {table.isPending && <PageSkeleton />}
      {table.data && <KeyForm apis={table.data.data} made={setMade} />}
    </div>
  )
}

export function BackToKeys() {
  return <Back to="/developers">{words.key.back}</Back>
}

interface Wish {
  readonly merchant: string | null
  readonly api: string
  readonly environment: string
  readonly name: string
  readonly expires: string | null
}

function KeyForm({ apis, made }: { apis: readonly ApiPermissions[]; made: (key: KeyWithSecret) => void }) {
  const user = useUser()
  const [attempt] = useState(newAttempt)
  const asked = useEnvironment()
  const merchantId = useMerchantId()
  const [typed, setWish] = useState<Wish>({
    merchant: null,
    api: apis[0]?.api ?? '',
    environment: asked,
    name: '',
    expires: null,
  })
  // The frame's merchant counts, also where another one is chosen there meanwhile.
  const wish = { ...typed, merchant: merchantId ?? typed.merchant }
  const [chosen, setChosen] = useState<ReadonlySet<string>>(new Set())
  const [isTried, setTried] = useState(false)
  const take = useTakeKey()
  const api = apis.find((one) => one.api === wish.api)
  const environment = api?.environments.includes(wish.environment)
    ? wish.environment
    : (api?.environments[0] ?? '')
  const proposal = useProposal(wish.merchant, wish.api, environment)
  const action = useAction(
    () =>
      createKey(
        {
          ...{ merchant_id: wish.merchant ?? '', api: wish.api, environment, name: wish.name.trim() },
          permissions: [...chosen],
          ...(wish.expires !== null && { expires_at: wish.expires }),
        },
        attempt,
      ),
    (key) => {
      take(key)
      made(key)
    },
  )
  const missing = {
    merchant_id: wish.merchant === null ? words.newKey.needMerchant : undefined,
    name: wish.name.trim() === '' ? words.newKey.needName : undefined,
    permissions: chosen.size === 0 ? words.newKey.needPermission : undefined,
  }
  const submit = (event: FormEvent): void => {
    event.preventDefault()
    setTried(true)
    if (Object.values(missing).every((one) => one === undefined)) action.run(undefined)
  }
  const told = (name: keyof typeof missing): string | undefined =>
    (isTried ? missing[name] : undefined) ?? faultOf(action.fault, `/${name}`)
  return (
    <form onSubmit={submit} noValidate className="flex flex-col gap-6">
      {user.kind === 'operator' && merchantId === null && (
        <MerchantField
          value={wish.merchant}
          fault={told('merchant_id')}
          onChange={(merchant) => setWish({ ...wish, merchant })}
        />
      )}
      <Field label={words.newKey.name} hint={words.newKey.nameHint} fault={told('name')}>
        <Input
          name="name"
          autoFocus
          maxLength={10_000}
          placeholder={words.newKey.namePlaceholder}
          value={wish.name}
          onChange={(event) => setWish({ ...wish, name: event.target.value })}
        />
      </Field>
      {apis.length > 1 && (
        <ApiChoice
          apis={apis}
          value={wish.api}
          onChange={(name) => {
            setWish({ ...wish, api: name })
            setChosen(new Set())
          }}
        />
      )}
      <div>
        <EnvironmentChoice
          names={api?.environments ?? []}
          value={environment}
          onChange={(name) => setWish({ ...wish, environment: name })}
        />
        <div className="mt-2 overflow-hidden rounded-lg">
          <EnvironmentBar name={environment} />
        </div>
      </div>
      <div>
        <h2 className="text-[13px] font-medium">{words.newKey.permissions}</h2>
        <p className="mb-2 text-[13px] text-ink-3">{words.newKey.permissionsAbout}</p>
        {api && <PermissionPicker api={api} chosen={chosen} choose={setChosen} proposal={proposal} />}
        {told('permissions') !== undefined && (
          <p role="alert" className="mt-2 flex items-center gap-1.5 text-[13px] text-bad">
            <Icon name="alert" size={14} />
            {told('permissions')}
          </p>
        )}
      </div>
      <ExpiryField
        value={wish.expires}
        fault={faultOf(action.fault, '/expires_at')}
        onChange={(expires) => setWish({ ...wish, expires })}
      />
      {action.fault !== null && <FaultNotice fault={action.fault} what={words.newKey.failed} />}
      <div className="sticky bottom-0 -mx-4 flex flex-wrap justify-end gap-2 border-t bg-canvas/95 px-4 py-3 sm:mx-0 sm:px-0">
        <Button onClick={() => navigate(withKept('/developers'))}>{words.common.cancel}</Button>
        <Button kind="primary" type="submit" busy={action.isRunning && words.newKey.submitting}>
          {words.newKey.submit}
        </Button>
      </div>
    </form>
  )
}

/** The smallest set that the merchant's other keys of this kind were found to need: what all of them share, else what most have. */
function useProposal(
  merchant: string | null,
  api: string,
  environment: string,
): readonly string[] | undefined {
  const others = useInfiniteQuery({
    ...keyList({ merchant_id: merchant, api, environment, status: 'active' }),
    enabled: merchant !== null && api !== '',
  })
  const keys = others.data?.pages[0]?.data ?? []
  if (keys.length === 0) return undefined
  const counts = new Map<string, number>()
  for (const { permissions } of keys)
    for (const name of permissions) counts.set(name, (counts.get(name) ?? 0) + 1)
  return [...counts].filter(([name, count]) => name !== '*' && count * 2 >= keys.length).map(([name]) => name)
}
