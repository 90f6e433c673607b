// What wants doing, one line each, with the keys that it is about behind it.

import { useQuery } from '@tanstack/react-query'
import { type Age, ages, keysOfAge } from '../../api/reminders.ts'
import { useQueryState } from '../../router.tsx'
import { Button } from '../../ui/button.tsx'
import { Notice } from '../../ui/states.tsx'
import { words } from '../../words.ts'
import { UnusedPermissions } from './unused-permissions.tsx'

interface RemindersProps {
  readonly merchantId: string | null
  readonly environment: string
  readonly isChanger: boolean
}

const faces = {
  'expires_within:14d': { said: words.reminders.expiring, tone: 'warn' },
  'older_than:90d': { said: words.reminders.older, tone: 'info' },
  'unused_for:90d': { said: words.reminders.unused, tone: 'info' },
} as const

export function Reminders(props: RemindersProps) {
  const [query] = useQueryState()
  if (query.has('age')) return null
  return (
    <div className="mb-4 flex flex-col gap-2 empty:hidden">
      {ages.map((age) => (
        <Reminder key={age} age={age} {...props} />
      ))}
      <UnusedPermissions {...props} />
    </div>
  )
}

function Reminder({ age, merchantId, environment }: Omit<RemindersProps, 'isChanger'> & { age: Age }) {
  const [, change] = useQueryState()
  const { data } = useQuery(keysOfAge(age, merchantId, environment))
  const { said, tone } = faces[age]
  const count = data?.data.length ?? 0
  if (count === 0) return null
  return (
    <Notice
      tone={tone}
      icon="clock"
      action={
        <Button isSmall onClick={() => change({ age })}>
          {words.reminders.show}
        </Button>
      }
    >
      <span className="text-ink">{said(count, data?.next_cursor !== null)}</span>
    </Notice>
  )
}
