// What wants doing, one line each, with the keys that it is about behind it.

import { useQuery } from '@tanstack/react-query'
import { call } from '../../api/call.ts'
import type { Key, Page } from '../../api/types.ts'
import { useQueryState } from '../../router.tsx'
import { Button } from '../../ui/button.tsx'
import { Notice } from '../../ui/states.tsx'
import { words } from '../../words.ts'

const kinds = [
  { age: 'expires_within:14d', said: words.reminders.expiring, tone: 'warn' },
  { age: 'older_than:90d', said: words.reminders.older, tone: 'info' },
  { age: 'unused_for:90d', said: words.reminders.unused, tone: 'info' },
] as const

interface RemindersProps {
  readonly merchantId: string | null
  readonly environment: string
}

export function Reminders({ merchantId, environment }: RemindersProps) {
  const [query] = useQueryState()
  if (query.has('age')) return null
  return (
    <div className="mb-4 flex flex-col gap-2 empty:hidden">
      {kinds.map((kind) => (
        <Reminder key={kind.age} {...kind} merchantId={merchantId} environment={environment} />
      ))}
    </div>
  )
}

const counted = 100

function Reminder({ age, said, tone, merchantId, environment }: RemindersProps & (typeof kinds)[number]) {
  const [, change] = useQueryState()
  const [name = '', length = ''] = age.split(':')
  const { data } = useQuery({
    queryKey: ['keys', 'reminder', age, merchantId, environment],
    queryFn: ({ signal }) =>
      call<Page<Key>>('GET', 'admin/v1/keys', {
        query: { merchant_id: merchantId, environment, status: 'active', [name]: length, limit: counted },
        signal,
      }),
    staleTime: 60_000,
    retry: false,
  })
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
      <span className="text-ink">{said(count)}</span>
    </Notice>
  )
}
