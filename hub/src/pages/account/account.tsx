import { useQuery, useQueryClient } from '@tanstack/react-query'
import { type FormEvent, useState } from 'react'
import {
  changePassword,
  deviceOf,
  endOtherSessions,
  endSession,
  type OwnSession,
  ownSessions,
} from '../../api/account.ts'
import { ApiFault, faultOf } from '../../api/fault.ts'
import { security } from '../../api/security.ts'
import { useTakeSession, useUser } from '../../api/session.ts'
import { Badge } from '../../ui/badge.tsx'
import { Button } from '../../ui/button.tsx'
import { Field, Input } from '../../ui/field.tsx'
import { PageHead, Section } from '../../ui/page.tsx'
import { FaultNotice, Notice, SkeletonRows } from '../../ui/states.tsx'
import { Time } from '../../ui/time.tsx'
import { useAction } from '../../ui/use-action.ts'
import { words } from '../../words.ts'
import { accountWords } from '../../words/account.ts'
import { Fact } from '../key/facts.tsx'
import { ReminderMails } from './reminder-mails.tsx'
import { SecuritySection } from './security.tsx'

export function Account() {
  const user = useUser()
  const { data } = useQuery(security)
  return (
    <div className="max-w-[760px]">
      <PageHead title={accountWords.account.title} about={accountWords.account.about(user.email)} />
      {user.merchants.length > 0 && (
        <Section title={accountWords.account.roles}>
          <dl className="card divide-y text-[13px]">
            {user.merchants.map(({ id, name, role }) => (
              <Fact key={id} name={name}>
                {words.shell.role[role]}
              </Fact>
            ))}
          </dl>
        </Section>
      )}
      <Sessions />
      <SecuritySection />
      {user.merchants.some(({ role }) => role === 'admin') && <ReminderMails />}
      {data?.password !== false && <PasswordForm />}
    </div>
  )
}

function Sessions() {
  const found = useQuery(ownSessions)
  const client = useQueryClient()
  const again = (): void => void client.invalidateQueries({ queryKey: ownSessions.queryKey })
  const all = useAction(endOtherSessions, again)
  const others = (found.data?.data ?? []).filter(({ current }) => !current)
  return (
    <Section
      title={accountWords.account.sessions}
      about={accountWords.account.sessionsAbout}
      actions={
        others.length > 0 && (
          <Button
            isSmall
            busy={all.isRunning && accountWords.account.ending}
            onClick={() => all.run(undefined)}
          >
            {accountWords.account.endAll}
          </Button>
        )
      }
    >
      {all.fault !== null && <FaultNotice fault={all.fault} what={accountWords.account.endAll} />}
      {found.isError && (
        <FaultNotice
          fault={found.error}
          what={accountWords.account.sessionsFailed}
          again={() => void found.refetch()}
        />
      )}
      <ul className="card divide-y overflow-hidden">
        {found.isPending && <SkeletonRows rows={2} columns={2} />}
        {found.data?.data.map((one) => (
          <SessionRow key={one.id} one={one} ended={again} />
        ))}
      </ul>
    </Section>
  )
}

function SessionRow({ one, ended }: { one: OwnSession; ended: () => void }) {
  const end = useAction(() => endSession(one.id), ended)
  const device = deviceOf(one.user_agent)
  return (
    <li className="flex min-h-[57px] flex-wrap items-center gap-x-3 gap-y-1 px-4 py-2.5 text-[13px]">
      <span className="min-w-0 flex-1">
        <span className="block truncate font-medium" title={one.user_agent ?? undefined}>
          {device === null
            ? (one.user_agent ?? accountWords.account.unknownDevice)
            : accountWords.account.onDevice(...device)}
        </span>
        <span className="text-ink-3">
          {accountWords.account.lastUsed} <Time at={one.last_used_at} />{' '}
          {one.client !== null && accountWords.account.from(one.client)}
        </span>
      </span>
      {one.current ? (
        <Badge tone="good">{accountWords.account.thisOne}</Badge>
      ) : (
        <Button
          isSmall
          busy={end.isRunning && accountWords.account.ending}
          onClick={() => end.run(undefined)}
        >
          {accountWords.account.end}
        </Button>
      )}
    </li>
  )
}

function PasswordForm() {
  const user = useUser()
  const take = useTakeSession()
  const client = useQueryClient()
  const [fields, setFields] = useState({ current: '', next: '', totp: '' })
  const [isDone, setDone] = useState(false)
  const action = useAction(
    () => changePassword(fields.current, fields.next, fields.totp),
    (signed) => {
      take(signed)
      setFields({ current: '', next: '', totp: '' })
      setDone(true)
      void client.invalidateQueries({ queryKey: ownSessions.queryKey })
    },
  )
  const isWrong = action.fault instanceof ApiFault && action.fault.code === 'SIGN_IN_FAILED'
  const weak = faultOf(action.fault, '/password')
  const submit = (event: FormEvent): void => {
    event.preventDefault()
    setDone(false)
    action.run(undefined)
  }
  return (
    <Section title={accountWords.account.password} about={accountWords.account.passwordAbout}>
      <form onSubmit={submit} className="card flex flex-col gap-4 p-5">
        {isDone && <Notice tone="good">{accountWords.account.changed}</Notice>}
        {action.fault !== null && !isWrong && weak === undefined && (
          <FaultNotice fault={action.fault} what={accountWords.account.failed} />
        )}
        <input type="hidden" autoComplete="username" value={user.email} readOnly />
        <Field label={accountWords.account.current} fault={isWrong ? accountWords.account.wrong : undefined}>
          <Input
            type="password"
            required
            autoComplete="current-password"
            className="max-w-[360px]"
            value={fields.current}
            onChange={(event) => setFields({ ...fields, current: event.target.value })}
          />
        </Field>
        <Field label={accountWords.account.next} hint={words.link.hint} fault={weak}>
          <Input
            type="password"
            required
            minLength={12}
            autoComplete="new-password"
            className="max-w-[360px]"
            value={fields.next}
            onChange={(event) => setFields({ ...fields, next: event.target.value })}
          />
        </Field>
        <Field label={`${words.signIn.totp} (${words.common.optional})`} hint={words.signIn.totpHint}>
          <Input
            autoComplete="one-time-code"
            className="max-w-[360px]"
            value={fields.totp}
            onChange={(event) => setFields({ ...fields, totp: event.target.value.trim() })}
          />
        </Field>
        <Button
          type="submit"
          kind="primary"
          className="self-start"
          busy={action.isRunning && accountWords.account.changing}
        >
          {accountWords.account.change}
        </Button>
      </form>
    </Section>
  )
}
