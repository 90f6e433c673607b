// A rotation under way: both secrets on one line of time, and whether the old one is still in use.

import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { oldSecretOf, recentUse } from '../../api/keys.ts'
import type { Key, KeySecret, Pending } from '../../api/types.ts'
import { Button } from '../../ui/button.tsx'
import { Icon } from '../../ui/icon.tsx'
import { relativeTime, Time, useNow } from '../../ui/time.tsx'
import { words } from '../../words.ts'
import { GraceDialog } from './grace.tsx'
import { EndRotationDialog } from './verbs.tsx'

interface RotationProps {
  readonly one: Key
  readonly canChange: boolean
  readonly settled: (pending: readonly Pending[] | undefined) => void
}

const watchedMinutes = 10

export function Rotation({ one, canChange, settled }: RotationProps) {
  const nowMs = useNow()
  const [asked, setAsked] = useState<'end' | 'grace' | null>(null)
  const use = useQuery(recentUse(one.id, watchedMinutes))
  const old = oldSecretOf(one, nowMs)
  const current = one.secrets[0]
  if (old === undefined || current === undefined) return null
  const count = (use.data?.data ?? [])
    .filter(({ secret_id: id }) => id === old.id)
    .reduce((sum, row) => sum + row.count, 0)
  return (
    <section className="card mb-6 p-5">
      <div className="flex flex-wrap items-start justify-between gap-3">
        <div>
          <h2 className="flex items-center gap-2 text-[15px] font-semibold">
            <Icon name="rotate" className="text-accent-ink" />
            {words.rotate.underWay}
          </h2>
          <p className="mt-0.5 text-sm text-ink-2">
            {words.rotate.oldEnds} <Time at={old.expires_at} />.
          </p>
        </div>
        {canChange && (
          <span className="flex flex-wrap gap-2">
            <Button isSmall icon="clock" onClick={() => setAsked('grace')}>
              {words.rotate.prolong}
            </Button>
            <Button isSmall kind={count > 0 ? 'plain' : 'primary'} onClick={() => setAsked('end')}>
              {words.rotate.endNow}
            </Button>
          </span>
        )}
      </div>
      <Bars old={old} current={current} nowMs={nowMs} prefix={one.prefix} />
      <p
        className={`mt-4 flex items-start gap-2 text-[13px] ${count > 0 ? 'text-warn' : 'text-ink-2'}`}
        aria-live="polite"
      >
        <Icon name={count > 0 ? 'alert' : 'check'} size={14} className="mt-[3px]" />
        <span>
          {oldSaid(old, count, nowMs)}{' '}
          <span className="text-ink-3">
            {current.last_used_at === null
              ? words.rotate.notUsedNew
              : words.rotate.usedNew(relativeTime(Date.parse(current.last_used_at), nowMs))}
          </span>
        </span>
      </p>
      {asked === 'grace' && (
        <GraceDialog one={one} close={() => setAsked(null)} done={({ pending }) => settled(pending)} />
      )}
      {asked === 'end' && (
        <EndRotationDialog
          one={one}
          isInUse={count > 0}
          close={() => setAsked(null)}
          done={({ pending }) => settled(pending)}
        />
      )}
    </section>
  )
}

function oldSaid(old: KeySecret, count: number, nowMs: number): string {
  if (old.last_used_at === null && count === 0) return words.rotate.usedNever
  const when =
    old.last_used_at === null ? words.common.justNow : relativeTime(Date.parse(old.last_used_at), nowMs)
  return count > 0 ? words.rotate.usedRecently(count, when) : words.rotate.usedLast(when)
}

interface BarsProps {
  readonly old: KeySecret
  readonly current: KeySecret
  readonly nowMs: number
  readonly prefix: string
}

function Bars({ old, current, nowMs, prefix }: BarsProps) {
  const startMs = Date.parse(current.created_at)
  const endMs = Date.parse(old.expires_at ?? current.created_at)
  const span = Math.max(endMs - startMs, 1)
  // What was before and what comes after have their place on both sides.
  const at = (ms: number): number => 20 + (60 * Math.min(Math.max(ms - startMs, 0), span)) / span
  const rows = [
    { label: words.rotate.oldSecret, secret: old, from: 0, to: 80, face: 'bg-line-strong' },
    { label: words.rotate.newSince, secret: current, from: 20, to: 100, face: 'bg-accent' },
  ]
  return (
    <div className="relative mt-4">
      {rows.map(({ label, secret, from, to, face }) => (
        <div
          key={secret.id}
          className="mb-2.5 grid grid-cols-[minmax(0,140px)_1fr] items-center gap-3 text-[13px]"
        >
          <span className="min-w-0">
            <span className="block text-ink-2">{label}</span>
            <code className="block truncate text-xs text-ink-3">
              {prefix}…{secret.last4}
            </code>
          </span>
          <span className="relative block h-2.5 rounded-full bg-sunk">
            <span
              className={`absolute inset-y-0 rounded-full ${face}`}
              style={{ left: `${from}%`, right: `${100 - to}%` }}
            />
            <span
              aria-hidden="true"
              className="absolute -inset-y-1.5 w-0.5 rounded-full bg-ink"
              style={{ left: `${at(nowMs)}%` }}
            />
          </span>
        </div>
      ))}
    </div>
  )
}
