import { useQuery, useQueryClient } from '@tanstack/react-query'
import { type FormEvent, type ReactNode, useState } from 'react'
import { ownSessions } from '../../api/account.ts'
import { ApiFault } from '../../api/fault.ts'
import {
  addPasskey,
  confirmTotp,
  endTotp,
  hasPasskeys,
  offerTotp,
  type Passkey,
  type Proof,
  proofOf,
  removePasskey,
  renewRecovery,
  security,
  type Security,
  type TotpOffer,
} from '../../api/security.ts'
import { useForget, useGuard } from '../../shell/keep-secret.ts'
import { Badge } from '../../ui/badge.tsx'
import { Button } from '../../ui/button.tsx'
import { CopyLine } from '../../ui/copy.tsx'
import { Dialog, DialogActions } from '../../ui/dialog.tsx'
import { Field, Input } from '../../ui/field.tsx'
import { Section } from '../../ui/page.tsx'
import { FaultNotice } from '../../ui/states.tsx'
import { Time } from '../../ui/time.tsx'
import { useAction } from '../../ui/use-action.ts'
import { words } from '../../words.ts'

const text = words.security

/** Nothing where the server has no other ways than passwords. */
export function SecuritySection() {
  const { data } = useQuery(security)
  if (data === undefined) return null
  return (
    <Section title={text.title} about={text.about}>
      <div className="card divide-y">
        <Passkeys passkeys={data.passkeys} />
        <Totp totp={data.totp} />
      </div>
    </Section>
  )
}

function useAgain(): () => void {
  const client = useQueryClient()
  // What changes how an account is entered ends its other sessions.
  return () => {
    void client.invalidateQueries({ queryKey: security.queryKey })
    void client.invalidateQueries({ queryKey: ownSessions.queryKey })
  }
}

interface ProvenProps<Output> {
  readonly title: string
  readonly submit: string
  readonly working: string
  readonly failed: string
  readonly act: (proof: Proof) => Promise<Output>
  readonly done: (output: Output) => void
  readonly close: () => void
  readonly children?: ReactNode
}

/** In the account, where somebody is signed in, it is a password or a code that was wrong. */
function isRefused(fault: unknown): boolean {
  return fault instanceof ApiFault && fault.code === 'SIGN_IN_FAILED'
}

/** A change that wants the password again where the sign-in was a while ago. */
function Proven<Output>(props: ProvenProps<Output>) {
  const [password, setPassword] = useState('')
  const [totp, setTotp] = useState('')
  const { data } = useQuery(security)
  const action = useAction(() => props.act(proofOf(password, totp)), props.done)
  const isWrong = isRefused(action.fault)
  const submit = (event: FormEvent): void => {
    event.preventDefault()
    action.run(undefined)
  }
  return (
    <Dialog title={props.title} onClose={props.close}>
      <form onSubmit={submit} className="flex flex-col gap-4">
        {action.fault !== null && !isWrong && <FaultNotice fault={action.fault} what={props.failed} />}
        {props.children}
        {data?.password !== false && (
          <Field
            label={`${text.wantsPassword} (${words.common.optional})`}
            fault={isWrong ? words.account.wrong : undefined}
          >
            <Input
              type="password"
              autoComplete="current-password"
              value={password}
              onChange={(event) => setPassword(event.target.value)}
            />
          </Field>
        )}
        {data?.password !== false && (
          <Field label={`${words.signIn.totp} (${words.common.optional})`} hint={words.signIn.totpHint}>
            <Input
              autoComplete="one-time-code"
              value={totp}
              onChange={(event) => setTotp(event.target.value.trim())}
            />
          </Field>
        )}
        <DialogActions>
          <Button onClick={props.close}>{words.common.cancel}</Button>
          <Button kind="primary" type="submit" busy={action.isRunning && props.working}>
            {props.submit}
          </Button>
        </DialogActions>
      </form>
    </Dialog>
  )
}

function Passkeys({ passkeys }: { passkeys: readonly Passkey[] }) {
  const again = useAgain()
  const [name, setName] = useState('')
  const [isAdding, setAdding] = useState(false)
  const [removed, setRemoved] = useState<Passkey | null>(null)
  return (
    <div className="px-4 py-3 text-[13px]">
      <div className="flex flex-wrap items-center justify-between gap-2">
        <h3 className="font-medium">{text.passkeys}</h3>
        {hasPasskeys() && (
          <Button isSmall icon="plus" onClick={() => setAdding(true)}>
            {text.addPasskey}
          </Button>
        )}
      </div>
      {passkeys.length === 0 && <p className="text-ink-3">{text.noPasskeys}</p>}
      <ul className="mt-1 flex flex-col gap-1">
        {passkeys.map((one) => (
          <li key={one.id} className="flex min-h-9 items-center gap-3">
            <span className="min-w-0 flex-1 truncate">{one.name}</span>
            <span className="text-ink-3">
              {words.account.lastUsed} <Time at={one.last_used_at} never={words.common.never} />
            </span>
            <Button isSmall onClick={() => setRemoved(one)}>
              {text.remove}
            </Button>
          </li>
        ))}
      </ul>
      {isAdding && (
        <Proven
          title={text.addPasskey}
          submit={text.addPasskey}
          working={text.adding}
          failed={text.passkeyFailed}
          act={(proof) => addPasskey(name.trim(), proof)}
          done={() => {
            setAdding(false)
            again()
          }}
          close={() => setAdding(false)}
        >
          <Field label={text.passkeyName} hint={text.passkeyNameHint}>
            <Input required autoFocus value={name} onChange={(event) => setName(event.target.value)} />
          </Field>
        </Proven>
      )}
      {removed !== null && (
        <Proven
          title={`${text.remove}: ${removed.name}`}
          submit={text.remove}
          working={words.common.saving}
          failed={text.changeFailed}
          act={(proof) => removePasskey(removed.id, proof)}
          done={() => {
            setRemoved(null)
            again()
          }}
          close={() => setRemoved(null)}
        />
      )}
    </div>
  )
}

function Totp({ totp }: { totp: Security['totp'] }) {
  const again = useAgain()
  const [asked, setAsked] = useState<'on' | 'off' | 'renew' | null>(null)
  const [offer, setOffer] = useState<TotpOffer | null>(null)
  const [renewed, setRenewed] = useState<readonly string[] | null>(null)
  const close = (): void => setAsked(null)
  return (
    <div className="flex flex-wrap items-center justify-between gap-2 px-4 py-3 text-[13px]">
      <div>
        <h3 className="font-medium">{text.totp}</h3>
        <p className="text-ink-3">{totp.enabled ? text.totpOn(totp.recovery_codes_left) : text.totpOff}</p>
      </div>
      {totp.enabled && <Badge tone="good">{words.webhooks.status['enabled']}</Badge>}
      {totp.enabled && (
        <Button isSmall onClick={() => setAsked('renew')}>
          {text.renew}
        </Button>
      )}
      <Button isSmall onClick={() => setAsked(totp.enabled ? 'off' : 'on')}>
        {totp.enabled ? text.turnOff : text.setUp}
      </Button>
      {asked === 'on' && (
        <Proven
          title={text.setUpTitle}
          submit={text.setUp}
          working={words.link.working}
          failed={text.setUpFailed}
          act={(proof) => offerTotp(proof)}
          done={(made) => {
            close()
            setOffer(made)
          }}
          close={close}
        />
      )}
      {asked === 'renew' && (
        <Proven
          title={text.renew}
          submit={text.renew}
          working={words.link.working}
          failed={text.changeFailed}
          act={renewRecovery}
          done={(made) => {
            close()
            again()
            setRenewed(made.recovery_codes)
          }}
          close={close}
        >
          <p className="text-sm text-ink-2">{text.renewAbout}</p>
        </Proven>
      )}
      {renewed !== null && <RecoveryCodes codes={renewed} close={() => setRenewed(null)} />}
      {asked === 'off' && (
        <Proven
          title={text.turnOff}
          submit={text.turnOff}
          working={words.common.saving}
          failed={text.changeFailed}
          act={(proof) => endTotp(proof)}
          done={() => {
            close()
            again()
          }}
          close={close}
        />
      )}
      {offer !== null && (
        <ConfirmTotp
          offer={offer}
          close={() => {
            setOffer(null)
            again()
          }}
        />
      )}
    </div>
  )
}

/** Shown once, as the secret of a key. */
function RecoveryCodes({ codes, close }: { codes: readonly string[]; close: () => void }) {
  useGuard(true)
  useForget(close)
  return (
    <Dialog title={text.codesTitle} about={text.codesAbout} onClose={() => undefined}>
      <CopyLine text={codes.join('\n')} label={text.codesTitle} />
      <DialogActions>
        <Button kind="primary" onClick={close}>
          {text.stored}
        </Button>
      </DialogActions>
    </Dialog>
  )
}

function ConfirmTotp({ offer, close }: { offer: TotpOffer; close: () => void }) {
  const [code, setCode] = useState('')
  const [codes, setCodes] = useState<readonly string[] | null>(null)
  const action = useAction(
    () => confirmTotp(code),
    (answer) => setCodes(answer.recovery_codes),
  )
  const isWrong = isRefused(action.fault)
  const submit = (event: FormEvent): void => {
    event.preventDefault()
    action.run(undefined)
  }
  if (codes !== null) return <RecoveryCodes codes={codes} close={close} />
  return (
    <Dialog title={text.setUpTitle} about={text.setUpAbout} onClose={close}>
      <form onSubmit={submit} className="flex flex-col gap-4">
        {action.fault !== null && !isWrong && <FaultNotice fault={action.fault} what={text.setUpFailed} />}
        <CopyLine text={offer.secret} label={text.secret} />
        <a href={offer.uri} className="self-start text-sm text-accent-ink hover:underline">
          {text.open}
        </a>
        <Field label={text.code} fault={isWrong ? text.wrongCode : undefined}>
          <Input
            required
            autoFocus
            inputMode="numeric"
            autoComplete="one-time-code"
            className="max-w-40 font-mono tracking-[0.2em]"
            value={code}
            onChange={(event) => setCode(event.target.value.replaceAll(/\s/g, ''))}
          />
        </Field>
        <DialogActions>
          <Button onClick={close}>{words.common.cancel}</Button>
          <Button kind="primary" type="submit" busy={action.isRunning && text.confirming}>
            {text.confirm}
          </Button>
        </DialogActions>
      </form>
    </Dialog>
  )
}
