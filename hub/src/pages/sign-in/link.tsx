// What a link in a mail opens. Its token stands behind the `#`, which no server and no log sees, and goes from the address
// at once.

import { useQuery } from '@tanstack/react-query'
import { type FormEvent, useEffect, useState } from 'react'
import { call } from '../../api/call.ts'
import { ApiFault, faultOf } from '../../api/fault.ts'
import { navigate } from '../../router.tsx'
import { Button } from '../../ui/button.tsx'
import { Field, Input } from '../../ui/field.tsx'
import { FaultNotice, Notice, Skeleton } from '../../ui/states.tsx'
import { useAction } from '../../ui/use-action.ts'
import { words } from '../../words.ts'
import { Card } from './card.tsx'

interface LinkFacts {
  readonly purpose: 'set_password' | 'reset' | 'invitation'
  readonly email: string
  readonly merchant: { readonly name: string } | null
  readonly role: string | null
}

export function SetPassword() {
  return <LinkPage path="hub/v1/password" submit={words.link.submit} done={words.link.done} />
}

export function AcceptInvitation() {
  return <LinkPage path="hub/v1/invitations/accept" submit={words.link.accept} done={words.link.joined} />
}

/** Outlives a drawing that React begins and throws away: the address has it no more. */
let taken = ''

function takeToken(): string {
  const token = location.hash.slice(1)
  if (token === '') return taken
  taken = token
  history.replaceState(null, '', location.pathname)
  return taken
}

/** A second link pasted over the first changes what is behind the `#` alone, which loads nothing. */
function useSecondLink(): void {
  useEffect(() => {
    const reload = (): void => {
      if (location.hash !== '') location.reload()
    }
    window.addEventListener('hashchange', reload)
    return () => window.removeEventListener('hashchange', reload)
  }, [])
}

interface LinkPageProps {
  readonly path: string
  readonly submit: string
  readonly done: string
}

function LinkPage({ path, submit, done }: LinkPageProps) {
  useSecondLink()
  const [token] = useState(takeToken)
  const [password, setPassword] = useState('')
  const [totp, setTotp] = useState('')
  const [isDone, setDone] = useState(false)
  const facts = useQuery({
    queryKey: ['link', path],
    queryFn: () => call<LinkFacts>('POST', 'hub/v1/links', { body: { token } }),
    // What has been used is not looked at again: it would be told to be of no use.
    enabled: token !== '' && !isDone,
    retry: false,
    gcTime: 0,
  })
  const action = useAction(
    () => call('POST', path, { body: { token, password, ...(totp && { totp }) } }),
    () => setDone(true),
  )
  const toSignIn = (
    <Button kind="primary" onClick={() => navigate('/sign-in')}>
      {words.link.toSignIn}
    </Button>
  )
  if (isDone)
    return (
      <Card title={submit}>
        <Notice tone="good">{done}</Notice>
        {toSignIn}
      </Card>
    )
  const hasEnded = token === '' || (facts.error instanceof ApiFault && facts.error.status === 410)
  if (hasEnded)
    return (
      <Card title={words.link.ended} about={words.link.endedAbout}>
        {toSignIn}
      </Card>
    )
  if (facts.isError)
    return (
      <Card title={words.link.passwordTitle}>
        <FaultNotice fault={facts.error} what={words.link.ended} again={() => void facts.refetch()} />
      </Card>
    )
  if (facts.data === undefined)
    return (
      <Card title={words.link.passwordTitle}>
        <Skeleton className="h-9 w-full" />
      </Card>
    )
  const { email, merchant, role } = facts.data
  const isWrong = action.fault instanceof ApiFault && action.fault.code === 'SIGN_IN_FAILED'
  const wrong = isWrong ? words.link.wrong : faultOf(action.fault, '/password')
  const act = (event: FormEvent): void => {
    event.preventDefault()
    action.run(undefined)
  }
  return (
    <Card
      title={merchant === null ? words.link.passwordTitle : words.link.invitationTitle(merchant.name)}
      about={
        merchant === null
          ? words.link.passwordAbout(email)
          : words.link.invitationAbout(email, words.shell.role[role ?? ''] ?? '')
      }
    >
      <form onSubmit={act} className="flex flex-col gap-4">
        {action.fault !== null && wrong === undefined && (
          <FaultNotice fault={action.fault} what={words.link.passwordTitle} />
        )}
        <input type="hidden" name="username" autoComplete="username" value={email} readOnly />
        <Field label={words.link.password} hint={words.link.hint} fault={wrong}>
          <Input
            type="password"
            required
            autoFocus
            minLength={12}
            autoComplete="new-password"
            value={password}
            onChange={(event) => setPassword(event.target.value)}
          />
        </Field>
        {merchant !== null && (
          <Field label={`${words.signIn.totp} (${words.common.optional})`} hint={words.signIn.totpHint}>
            <Input
              autoComplete="one-time-code"
              value={totp}
              onChange={(event) => setTotp(event.target.value.trim())}
            />
          </Field>
        )}
        <Button kind="primary" type="submit" busy={action.isRunning && words.link.working} className="w-full">
          {submit}
        </Button>
      </form>
    </Card>
  )
}
