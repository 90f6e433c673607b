import { useQuery } from '@tanstack/react-query'
import { historyOf } from '../../api/audit.ts'
import { ApiFault } from '../../api/fault.ts'
import { Section } from '../../ui/page.tsx'
import { FaultNotice, Skeleton } from '../../ui/states.tsx'
import { Time } from '../../ui/time.tsx'
import { words } from '../../words.ts'

export function History({ target }: { target: string }) {
  const found = useQuery(historyOf(target))
  // Who may not read the audit has no such part.
  if (found.error instanceof ApiFault && found.error.status === 403) return null
  return (
    <Section title={words.key.history}>
      {found.isPending && <Skeleton className="h-24 w-full" />}
      {found.isError && (
        <FaultNotice fault={found.error} what={words.key.history} again={() => void found.refetch()} />
      )}
      {found.data && (
        <ol className="card px-4 py-3 text-[13px]">
          {found.data.data.length === 0 && <li className="text-ink-3">{words.key.historyEmpty}</li>}
          {found.data.data.map((entry, index) => (
            <li key={entry.id} className="relative flex gap-3 pb-3 last:pb-0">
              <span aria-hidden="true" className="flex flex-col items-center">
                <span
                  className={`mt-1.5 size-2 rounded-full ${index === 0 ? 'bg-accent' : 'bg-line-strong'}`}
                />
                <span className="mt-1 w-px flex-1 bg-line" />
              </span>
              <span className="min-w-0 flex-1">
                <span className="font-medium">{words.key.actions[entry.action] ?? entry.action}</span>{' '}
                <span className="break-words text-ink-3">{words.key.byWhom(entry.actor)}</span>
                {entry.reason && <q className="block break-words text-ink-2">{entry.reason}</q>}
                <span className="block text-xs text-ink-3">
                  <Time at={entry.at} />
                </span>
              </span>
            </li>
          ))}
        </ol>
      )}
    </Section>
  )
}
