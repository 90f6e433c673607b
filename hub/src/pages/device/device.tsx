// Where `latchkey login` leads, and a program of others that has no browser of its own: the code that it shows is typed, never part
// of a link, so that nobody lets a stranger in by following one.

import { type FormEvent, useState } from 'react'
import { answerDevice, type DeviceAnswer, type DeviceRequest, lookUpDevice } from '../../api/device.ts'
import { ApiFault } from '../../api/fault.ts'
import { useUser } from '../../api/session.ts'
import { Button } from '../../ui/button.tsx'
import { PageHead } from '../../ui/page.tsx'
import { FaultNotice, Notice } from '../../ui/states.tsx'
import { TextField } from '../../ui/text-field.tsx'
import { Time } from '../../ui/time.tsx'
import { useAction } from '../../ui/use-action.ts'
import { words } from '../../words.ts'
import { Access, firstMerchant } from '../authorize/access.tsx'
import { Fact } from '../key/facts.tsx'

const text = words.device

export function Device() {
  const [asking, setAsking] = useState<DeviceRequest | null>(null)
  const [answered, setAnswered] = useState<Answered | null>(null)
  return (
    <div className="max-w-[560px]">
      <PageHead title={text.title} about={text.about} />
      {answered !== null ? (
        <div role="status">
          <Notice tone={answered === 'deny' ? 'info' : 'good'}>{text.answered[answered]}</Notice>
        </div>
      ) : asking === null ? (
        <CodeForm found={setAsking} />
      ) : (
        <Question one={asking} answered={setAnswered} back={() => setAsking(null)} />
      )}
    </div>
  )
}

type Answered = keyof typeof text.answered

function hasEnded(fault: unknown): boolean {
  return fault instanceof ApiFault && fault.code === 'LINK_ENDED'
}

function CodeForm({ found }: { found: (one: DeviceRequest) => void }) {
  const [code, setCode] = useState('')
  const action = useAction(lookUpDevice, found)
  const submit = (event: FormEvent): void => {
    event.preventDefault()
    action.run(code)
  }
  const isWrong = hasEnded(action.fault)
  return (
    <form onSubmit={submit} className="flex flex-col gap-4">
      {action.fault !== null && !isWrong && <FaultNotice fault={action.fault} what={text.failed} />}
      <TextField
        label={text.code}
        hint={text.codeHint}
        fault={isWrong ? text.unknown : undefined}
        name="code"
        required
        autoFocus
        autoComplete="off"
        autoCapitalize="characters"
        spellCheck={false}
        maxLength={20}
        className="font-mono tracking-[0.1em] uppercase"
        value={code}
        change={setCode}
      />
      <Button
        kind="primary"
        type="submit"
        busy={action.isRunning && words.common.loading}
        className="self-start"
      >
        {text.next}
      </Button>
    </form>
  )
}

interface QuestionProps {
  readonly one: DeviceRequest
  readonly answered: (answer: Answered) => void
  readonly back: () => void
}

function Question({ one, answered, back }: QuestionProps) {
  const user = useUser()
  const { access } = one
  const [merchant, setMerchant] = useState(() => (access === null ? '' : firstMerchant(access)))
  const action = useAction(async (answer: DeviceAnswer) => {
    await answerDevice(one, { answer, merchant })
    return answer === 'approve' && access !== null ? ('access' as const) : answer
  }, answered)
  return (
    <div className="flex flex-col gap-4">
      {action.fault !== null &&
        (hasEnded(action.fault) ? (
          <div role="alert">
            <Notice tone="bad">{text.unknown}</Notice>
          </div>
        ) : (
          <FaultNotice fault={action.fault} what={text.failed} />
        ))}
      <dl className="card divide-y text-[13px]">
        <Fact name={text.code}>
          <code>{one.user_code}</code>
        </Fact>
        <Fact name={text.name}>{one.name}</Fact>
        <Fact name={text.client}>
          <code>{one.client ?? text.unknownAddress}</code>
        </Fact>
        <Fact name={text.requested}>
          <Time at={one.requested_at} />
        </Fact>
      </dl>
      {access !== null && <Access asked={access} merchant={merchant} choose={setMerchant} />}
      <Notice tone="info">{access === null ? text.warning(user.email) : text.accessWarning}</Notice>
      <div className="flex flex-wrap gap-2">
        {(access === null || merchant !== '') && (
          <Button
            kind="primary"
            busy={action.isRunning && text.answering}
            onClick={() => action.run('approve')}
          >
            {text.allow}
          </Button>
        )}
        <Button kind="warning" busy={action.isRunning && text.answering} onClick={() => action.run('deny')}>
          {text.refuse}
        </Button>
        <Button kind="quiet" onClick={back}>
          {text.another}
        </Button>
      </div>
    </div>
  )
}
