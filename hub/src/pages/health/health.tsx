// The state of the installation in words, worst first. Where nobody can be known, as Postgres is away, what this one instance
// tells everybody stands in its place.

import { useQuery } from '@tanstack/react-query'
import { type Health as Found, type HealthNote, healthQuery } from '../../api/health.ts'
import { Badge } from '../../ui/badge.tsx'
import { Icon, type IconName } from '../../ui/icon.tsx'
import { PageHead } from '../../ui/page.tsx'
import { FaultNotice, Skeleton } from '../../ui/states.tsx'
import { Time } from '../../ui/time.tsx'
import { figure } from '../../words.ts'
import { healthWords } from '../../words/health.ts'
import { ByItself } from './by-itself.tsx'

const text = healthWords.health

export function Health() {
  const found = useQuery(healthQuery)
  return (
    <>
      <PageHead title={text.title} about={text.about} />
      {found.isError && (
        <div className="mb-6 flex flex-col gap-4">
          <FaultNotice fault={found.error} what={text.failed} again={() => void found.refetch()} />
          <ByItself />
        </div>
      )}
      {found.isPending && <Skeleton className="mb-6 h-24 w-full" />}
      {!found.isError && found.data && <State state={found.data} />}
    </>
  )
}

const faces = {
  ok: ['check', 'bg-good-soft text-good'],
  degraded: ['alert', 'bg-warn-soft text-warn'],
  down: ['alert', 'bg-bad-soft text-bad'],
} as const satisfies Readonly<Record<Found['status'], readonly [IconName, string]>>

function State({ state }: { state: Found }) {
  const [icon, face] = faces[state.status]
  return (
    <>
      <div className="card mb-4 flex flex-wrap items-center gap-x-10 gap-y-4 p-5">
        <p className="flex items-center gap-3 text-base font-semibold" role="status">
          <span className={`flex size-9 items-center justify-center rounded-full ${face}`}>
            <Icon name={icon} size={18} />
          </span>
          {text.titles[state.status]}
        </p>
        <dl className="flex flex-1 flex-wrap gap-x-8 gap-y-3 text-[13px] sm:justify-end">
          <Figure name={text.notesCount} value={figure(state.notes.length)} />
          <Figure name={text.revision} value={state.revision === null ? '—' : figure(state.revision)} />
          <div>
            <dt className="text-xs text-ink-3">{text.checked}</dt>
            <dd className="mt-0.5 font-medium">
              <Time at={state.checked_at} />
            </dd>
          </div>
        </dl>
      </div>
      {state.notes.length === 0 ? (
        <div className="card mb-6 px-5 py-4 text-sm">
          <p className="font-medium">{text.nothing}</p>
          <p className="text-ink-3">{text.nothingAbout}</p>
        </div>
      ) : (
        <ol className="mb-6 flex flex-col gap-2">
          {state.notes.map((note) => (
            <Note key={`${note.code} ${note.summary}`} note={note} />
          ))}
        </ol>
      )}
      {state.unseen.length > 0 && <Unseen rules={state.unseen} />}
    </>
  )
}

function Figure({ name, value }: { name: string; value: string }) {
  return (
    <div>
      <dt className="text-xs text-ink-3">{name}</dt>
      <dd className="mt-0.5 font-medium tabular-nums">{value}</dd>
    </div>
  )
}

const noteFaces = {
  critical: ['bad', 'border-bad-line bg-bad-soft'],
  warning: ['warn', 'border-warn-line bg-warn-soft'],
  info: ['plain', 'border-line bg-surface'],
} as const

function Note({ note }: { note: HealthNote }) {
  const [tone, face] = noteFaces[note.severity]
  return (
    <li className={`rounded-lg border px-4 py-3 text-sm ${face}`}>
      <div className="flex flex-wrap items-center gap-x-3 gap-y-1">
        <Badge tone={tone} icon={note.severity === 'info' ? 'info' : 'alert'}>
          {text.severities[note.severity]}
        </Badge>
        <p className="min-w-0 flex-1 basis-64 font-medium break-words">{note.summary}</p>
        {note.since !== null && (
          <span className="text-xs text-ink-3">
            {text.since} <Time at={note.since} />
          </span>
        )}
      </div>
      <p className="mt-1 break-words text-ink-2">{note.action}</p>
      {note.detail !== null && (
        <code className="mt-1 block text-xs break-words whitespace-pre-wrap">{note.detail}</code>
      )}
      {(note.about.length > 0 || note.alert !== null) && (
        <p className="mt-1.5 flex flex-wrap gap-x-3 gap-y-1 text-xs text-ink-3">
          {note.about.map((one) => (
            <code key={one} className="break-all">
              {one}
            </code>
          ))}
          {note.count > note.about.length && note.about.length > 0 && (
            <span>{text.more(note.count - note.about.length)}</span>
          )}
          {note.alert !== null && (
            <span className="ml-auto">
              {text.alert}: <code>{note.alert}</code>
            </span>
          )}
        </p>
      )}
    </li>
  )
}

function Unseen({ rules }: { rules: readonly string[] }) {
  return (
    <details className="text-[13px] text-ink-3">
      <summary className="inline-flex h-8 items-center hover:text-ink">{text.unseen(rules.length)}</summary>
      <ul className="mt-1 flex flex-wrap gap-x-4 gap-y-1">
        {rules.map((one) => (
          <li key={one}>
            <code>{one}</code>
          </li>
        ))}
      </ul>
    </details>
  )
}
