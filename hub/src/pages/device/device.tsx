// `latchkey login` waits for somebody to allow it here. Its code stands behind the `#`.

import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { ApiFault } from '../../api/fault.ts'
import { answerDevice, lookUpDevice } from '../../api/security.ts'
import { useUser } from '../../api/session.ts'
import { Button } from '../../ui/button.tsx'
import { PageHead } from '../../ui/page.tsx'
import { FaultNotice, Notice, Skeleton } from '../../ui/states.tsx'
import { useAction } from '../../ui/use-action.ts'
import { words } from '../../words.ts'

export function Device() {
  const user = useUser()
  const [code] = useState(() => location.hash.slice(1))
  const [answer, setAnswer] = useState<'approve' | 'deny' | null>(null)
  const found = useQuery({
    queryKey: ['device', code],
    queryFn: () => lookUpDevice(code),
    retry: false,
    staleTime: Number.POSITIVE_INFINITY,
  })
  const action = useAction((verb: 'approve' | 'deny') => answerDevice(code, verb).then(() => verb), setAnswer)
  const hasEnded = found.error instanceof ApiFault && [404, 410, 422].includes(found.error.status)
  return (
    <div className="max-w-[560px]">
      <PageHead
        title={hasEnded ? words.device.ended : words.device.title}
        {...(hasEnded && { about: words.device.endedAbout })}
      />
      {found.isPending && <Skeleton className="h-32 w-full" />}
      {found.isError && !hasEnded && <FaultNotice fault={found.error} what={words.device.failed} />}
      {answer !== null && (
        <Notice tone={answer === 'approve' ? 'good' : 'info'}>
          {answer === 'approve' ? words.device.allowed : words.device.refused}
        </Notice>
      )}
      {found.data && answer === null && (
        <div className="card flex flex-col gap-4 p-5">
          <p className="break-words">
            {words.device.about(found.data.name, user.email)}{' '}
            {found.data.client !== null && words.device.from(found.data.client)}
          </p>
          <div>
            <p className="text-[13px] text-ink-3">{words.device.code}</p>
            <p className="font-mono text-2xl font-semibold tracking-[0.12em]">{found.data.user_code}</p>
          </div>
          {action.fault !== null && <FaultNotice fault={action.fault} what={words.device.failed} />}
          <div className="flex gap-2">
            <Button
              kind="primary"
              busy={action.isRunning && words.link.working}
              onClick={() => action.run('approve')}
            >
              {words.device.allow}
            </Button>
            <Button onClick={() => action.run('deny')}>{words.device.refuse}</Button>
          </div>
        </div>
      )}
    </div>
  )
}
