import { useQuery } from '@tanstack/react-query'
import { type FormEvent, useState } from 'react'
import { ApiFault } from '../../api/fault.ts'
import { hasPasskeys, signInByPasskey, startOidc } from '../../api/security.ts'
import { signIn, type SignInWays, signInWays, useTakeSession } from '../../api/session.ts'
import { useQueryState } from '../../router.tsx'
import { Button } from '../../ui/button.tsx'
import { Field, Input } from '../../ui/field.tsx'
import { FaultNotice, Notice } from '../../ui/states.tsx'
import { useAction } from '../../ui/use-action.ts'
import { words } from '../../words.ts'
import { Card } from './card.tsx'
import { FirstRun } from './first-run.tsx'
import { Forgot } from './forgot.tsx'

export function SignIn() {
  const [mode, setMode] = useState<'sign-in' | 'forgot'>('sign-in')
  const [isSkipped, setSkipped] = useState(false)
  const { data } = useQuery(signInWays)
  if (data?.first_run === true && !isSkipped) return <FirstRun skip={() => setSkipped(true)} />
  return mode === 'sign-in' ? (
    <SignInForm forgot={() => setMode('forgot')} />
  ) : (
    <Forgot back={() => setMode('sign-in')} />
  )
}

function SignInForm({ forgot }: { forgot: () => void }) {
  const take = useTakeSession()
  const ways = useQuery(signInWays)
  const [query] = useQueryState()
  const [fields, setFields] = useState({ email: '', password: '', totp: '' })
  const [hasCode, setHasCode] = useState(false)
  const [isShown, setShown] = useState(false)
  const action = useAction(
    () =>
      signIn({ email: fields.email, password: fields.password, ...(fields.totp && { totp: fields.totp }) }),
    take,
  )
  const submit = (event: FormEvent): void => {
    event.preventDefault()
    action.run(undefined)
  }
  const isWrong = action.fault instanceof ApiFault && action.fault.code === 'SIGN_IN_FAILED'
  return (
    <Card title={words.signIn.title} about={words.signIn.about}>
      {query.get('error') === 'oidc' && action.fault === null && (
        <div role="alert">
          <Notice tone="bad">{words.signIn.oidcFailed}</Notice>
        </div>
      )}
      {query.has('to') && action.fault === null && <Notice tone="info">{words.signIn.signedOut}</Notice>}
      <form onSubmit={submit} className="flex flex-col gap-4">
        {action.fault !== null &&
          (isWrong ? (
            <div role="alert">
              <Notice tone="bad">{words.signIn.failed}</Notice>
            </div>
          ) : (
            <FaultNotice fault={action.fault} what={words.signIn.title} />
          ))}
        <Field label={words.signIn.email}>
          <Input
            type="email"
            name="email"
            required
            autoFocus
            autoComplete="username"
            value={fields.email}
            onChange={(event) => setFields({ ...fields, email: event.target.value })}
          />
        </Field>
        <Field label={words.signIn.password}>
          <Input
            type={isShown ? 'text' : 'password'}
            name="password"
            required
            autoComplete="current-password"
            value={fields.password}
            onChange={(event) => setFields({ ...fields, password: event.target.value })}
          />
        </Field>
        <div className="-mt-2.5 flex flex-wrap justify-between gap-2 text-[13px]">
          <button
            type="button"
            aria-pressed={isShown}
            className="text-ink-3 hover:text-ink"
            onClick={() => setShown(!isShown)}
          >
            {isShown ? words.signIn.hide : words.signIn.show}
          </button>
          <button type="button" className="text-accent-ink hover:underline" onClick={forgot}>
            {words.signIn.forgot}
          </button>
        </div>
        {hasCode ? (
          <Field label={words.signIn.totp} hint={words.signIn.totpHint}>
            <Input
              name="totp"
              autoFocus
              autoComplete="one-time-code"
              maxLength={64}
              className="font-mono tracking-[0.1em]"
              value={fields.totp}
              onChange={(event) => setFields({ ...fields, totp: event.target.value.trim() })}
            />
          </Field>
        ) : (
          <button
            type="button"
            className="self-start text-[13px] text-ink-3 hover:text-ink"
            onClick={() => setHasCode(true)}
          >
            {words.signIn.haveCode}
          </button>
        )}
        <Button
          kind="primary"
          type="submit"
          busy={action.isRunning && words.signIn.submitting}
          className="w-full"
        >
          {words.signIn.submit}
        </Button>
      </form>
      <OtherWays ways={ways.data} />
    </Card>
  )
}

function OtherWays({ ways }: { ways: SignInWays | undefined }) {
  const take = useTakeSession()
  const passkey = useAction(signInByPasskey, take)
  const provider = useAction(startOidc, () => undefined)
  const others = ways?.oidc ?? []
  const offersPasskey = ways?.ways.includes('passkey') === true && hasPasskeys()
  if (others.length === 0 && !offersPasskey) return null
  return (
    <div className="flex flex-col gap-2">
      <div className="mb-1 flex items-center gap-3 text-xs text-ink-3">
        <span className="h-px flex-1 bg-line" />
        {words.signIn.or}
        <span className="h-px flex-1 bg-line" />
      </div>
      {passkey.fault !== null &&
        (passkey.fault instanceof ApiFault && passkey.fault.code === 'SIGN_IN_FAILED' ? (
          <div role="alert">
            <Notice tone="bad">{words.signIn.passkeyFailed}</Notice>
          </div>
        ) : (
          <FaultNotice fault={passkey.fault} what={words.signIn.passkeyNot} />
        ))}
      {provider.fault !== null && <FaultNotice fault={provider.fault} what={words.signIn.title} />}
      {offersPasskey && (
        <Button
          icon="key"
          busy={passkey.isRunning && words.signIn.submitting}
          onClick={() => passkey.run(undefined)}
        >
          {words.signIn.passkey}
        </Button>
      )}
      {others.map(({ id, name }) => (
        <Button
          key={id}
          busy={provider.isRunning && words.signIn.submitting}
          onClick={() => provider.run(id)}
        >
          {words.signIn.with(name)}
        </Button>
      ))}
    </div>
  )
}
