import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { call } from '../../api/call.ts'
import { signInWays } from '../../api/session.ts'
import { Button } from '../../ui/button.tsx'
import { FaultNotice, Notice } from '../../ui/states.tsx'
import { TextField } from '../../ui/text-field.tsx'
import { useAction } from '../../ui/use-action.ts'
import { words } from '../../words.ts'
import { Card } from './card.tsx'

export function Forgot({ back }: { back: () => void }) {
  const ways = useQuery(signInWays)
  const [email, setEmail] = useState('')
  const [isSent, setSent] = useState(false)
  const action = useAction(
    () => call('POST', 'hub/v1/password/reset', { body: { email } }),
    () => setSent(true),
  )
  const hasMail = ways.data?.mail !== false
  return (
    <Card title={words.signIn.resetTitle} about={hasMail ? words.signIn.resetAbout : words.signIn.askAdmin}>
      {isSent && <Notice tone="good">{words.signIn.resetSent}</Notice>}
      {action.fault !== null && <FaultNotice fault={action.fault} what={words.signIn.resetTitle} />}
      <form
        className="flex flex-col gap-4"
        onSubmit={(event) => {
          event.preventDefault()
          action.run(undefined)
        }}
      >
        {hasMail && !isSent && (
          <>
            <TextField
              label={words.signIn.email}
              type="email"
              required
              autoFocus
              autoComplete="username"
              value={email}
              change={setEmail}
            />
            <Button
              kind="primary"
              type="submit"
              busy={action.isRunning && words.link.working}
              className="w-full"
            >
              {words.signIn.reset}
            </Button>
          </>
        )}
        <Button kind="quiet" icon="left" onClick={back}>
          {words.signIn.title}
        </Button>
      </form>
    </Card>
  )
}
