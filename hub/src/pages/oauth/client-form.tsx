import { useQueryClient } from '@tanstack/react-query'
import { type FormEvent, useState } from 'react'
import { newAttempt } from '../../api/attempt.ts'
import { addClient, type ClientGrant, type ClientWithSecret } from '../../api/clients.ts'
import { faultOf } from '../../api/fault.ts'
import { useUser } from '../../api/session.ts'
import type { ApiPermissions } from '../../api/types.ts'
import { navigate, withKept } from '../../router.tsx'
import { useEnvironment } from '../../shell/environment.tsx'
import { useMerchantId } from '../../shell/merchant.tsx'
import { Button } from '../../ui/button.tsx'
import { Check, Choice, Field, TextArea } from '../../ui/field.tsx'
import { FaultNotice } from '../../ui/states.tsx'
import { TextField } from '../../ui/text-field.tsx'
import { useAction } from '../../ui/use-action.ts'
import { words } from '../../words.ts'
import { oauthWords } from '../../words/oauth.ts'
import { ApiChoice, EnvironmentChoice, MerchantField } from '../new-key/fields.tsx'
import { PermissionPicker } from '../new-key/permission-picker.tsx'
import { Method } from './client-method.tsx'
import { type ClientWish, faultsOf, type PartProps, wantsUris, wishFor } from './client-wish.ts'
import { linesOf, wrongLine } from './lines.ts'
import { Wrong } from './wrong.tsx'

const text = oauthWords.client

interface FormProps {
  /** Those that take tokens. */
  readonly apis: readonly ApiPermissions[]
  readonly made: (client: ClientWithSecret) => void
}

export function ClientForm({ apis, made }: FormProps) {
  const client = useQueryClient()
  const user = useUser()
  const merchantId = useMerchantId()
  const asked = useEnvironment()
  const [attempt] = useState(newAttempt)
  const [isTried, setTried] = useState(false)
  const [typed, setTyped] = useState<ClientWish>({
    ...{ name: '', merchant: null, isOfAll: false, api: apis[0]?.api ?? '', environment: asked },
    ...{ grants: ['code'], uris: '', permissions: new Set<string>(), method: 'client_secret', jwks: '' },
    bound: false,
    ...{ certificates: '', subjectKind: 'san_dns', subject: '' },
  })
  const change = (part: Partial<ClientWish>): void => setTyped((now) => ({ ...now, ...part }))
  const api = apis.find((one) => one.api === typed.api)
  const environments = api?.environments ?? []
  const environment = environments.includes(typed.environment) ? typed.environment : (environments[0] ?? '')
  const wish = { ...typed, merchant: merchantId ?? typed.merchant, environment }
  const missing = faultsOf(wish)
  const action = useAction(
    () => addClient(wishFor(wish), attempt),
    (answer) => {
      void client.invalidateQueries({ queryKey: ['clients'] })
      made(answer)
    },
  )
  const told = (name: string): string | undefined =>
    (isTried ? missing[name] : undefined) ?? faultOf(action.fault, `/${name}`)
  const submit = (event: FormEvent): void => {
    event.preventDefault()
    setTried(true)
    if (Object.values(missing).every((one) => one === undefined)) action.run(undefined)
  }
  return (
    <form onSubmit={submit} noValidate className="flex flex-col gap-6">
      <TextField
        label={text.name}
        hint={text.nameHint}
        fault={told('name')}
        name="name"
        autoFocus
        value={wish.name}
        change={(name) => change({ name })}
      />
      {user.kind === 'operator' && merchantId === null && (
        <Owner wish={wish} change={change} fault={told('merchant_id')} />
      )}
      {apis.length > 1 && (
        <ApiChoice
          apis={apis}
          value={wish.api}
          onChange={(name) => change({ api: name, permissions: new Set() })}
        />
      )}
      <EnvironmentChoice
        names={environments}
        value={environment}
        onChange={(name) => change({ environment: name })}
      />
      <Ways chosen={wish.grants} choose={(grants) => change({ grants })} fault={told('grants')} />
      {wantsUris(wish) && (
        <Field
          label={text.urisLabel}
          hint={text.urisHint}
          fault={wrongLine(action.fault, linesOf(wish.uris)) ?? told('redirect_uris')}
        >
          <TextArea
            rows={3}
            spellCheck={false}
            className="font-mono text-[13px]"
            value={wish.uris}
            onChange={(event) => change({ uris: event.target.value })}
          />
        </Field>
      )}
      <div>
        <h2 className="mb-2 text-[13px] font-medium">{text.held}</h2>
        {api && (
          <PermissionPicker
            api={api}
            chosen={wish.permissions}
            choose={(permissions) => change({ permissions })}
          />
        )}
        <Wrong>{told('permissions')}</Wrong>
      </div>
      <Method wish={wish} change={change} fault={told} />
      {action.fault !== null && <FaultNotice fault={action.fault} what={text.createFailed} />}
      <div className="sticky bottom-0 -mx-4 flex flex-wrap justify-end gap-2 border-t bg-canvas/95 px-4 py-3 sm:mx-0 sm:px-0">
        <Button onClick={() => navigate(withKept('/developers/oauth'))}>{words.common.cancel}</Button>
        <Button kind="primary" type="submit" busy={action.isRunning && text.submitting}>
          {text.submit}
        </Button>
      </div>
    </form>
  )
}

function Owner({ wish, change, fault }: PartProps & { fault: string | undefined }) {
  return (
    <div className="flex flex-col gap-3">
      <Choice
        legend={text.whose}
        value={wish.isOfAll ? 'all' : 'one'}
        onChange={(value) => change({ isOfAll: value === 'all' })}
        options={[
          { value: 'one', label: text.whoseOne, note: text.whoseOneNote },
          { value: 'all', label: text.whoseAll, note: text.whoseAllNote },
        ]}
      />
      {!wish.isOfAll && (
        <MerchantField value={wish.merchant} fault={fault} onChange={(merchant) => change({ merchant })} />
      )}
    </div>
  )
}

const ways: readonly ClientGrant[] = ['code', 'device_code', 'client_credentials']

interface WaysProps {
  readonly chosen: readonly ClientGrant[]
  readonly choose: (ways: readonly ClientGrant[]) => void
  readonly fault: string | undefined
}

function Ways({ chosen, choose, fault }: WaysProps) {
  return (
    <fieldset>
      <legend className="mb-1.5 text-[13px] font-medium">{text.ways}</legend>
      <div className="card flex flex-col gap-2.5 px-4 py-3">
        {ways.map((way) => (
          <Check
            key={way}
            label={oauthWords.oauth.ways[way]}
            note={oauthWords.oauth.wayNotes[way]}
            checked={chosen.includes(way)}
            onChange={({ target }) =>
              choose(ways.filter((one) => (one === way ? target.checked : chosen.includes(one))))
            }
          />
        ))}
      </div>
      <Wrong>{fault}</Wrong>
    </fieldset>
  )
}
