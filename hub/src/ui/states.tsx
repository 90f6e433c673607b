// What a page shows while there is nothing, not yet anything, or something went wrong.

import type { ReactNode } from 'react'
import { ApiFault } from '../api/fault.ts'
import { words } from '../words.ts'
import { Button } from './button.tsx'
import { CopyButton } from './copy.tsx'
import { Icon, type IconName } from './icon.tsx'

export function Skeleton({ className = '' }: { className?: string }) {
  return <span aria-hidden="true" className={`skeleton block ${className}`} />
}

/** As many rows as a table will have, of the same height. */
export function SkeletonRows({ rows = 6, columns = 4 }: { rows?: number; columns?: number }) {
  return (
    <div role="status">
      <span className="sr-only">{words.common.loading}</span>
      {Array.from({ length: rows }, (_, row) => (
        <div key={row} className="flex h-[57px] items-center gap-6 border-b px-4 last:border-b-0">
          {Array.from({ length: columns }, (_, column) => (
            <Skeleton key={column} className={`h-3 ${column === 0 ? 'w-40' : 'w-24'} max-w-full`} />
          ))}
        </div>
      ))}
    </div>
  )
}

interface EmptyProps {
  readonly icon: IconName
  readonly title: string
  readonly children?: ReactNode
  readonly action?: ReactNode
}

export function Empty({ icon, title, children, action }: EmptyProps) {
  return (
    <div className="flex flex-col items-center px-6 py-14 text-center">
      <span className="mb-4 flex size-11 items-center justify-center rounded-xl border bg-sunk text-ink-3">
        <Icon name={icon} size={20} />
      </span>
      <h2 className="text-base font-semibold text-ink">{title}</h2>
      {children !== undefined && <div className="mt-1 max-w-[46ch] text-sm text-ink-2">{children}</div>}
      {action !== undefined && <div className="mt-5 flex flex-wrap justify-center gap-2">{action}</div>}
    </div>
  )
}

const noticeTones = {
  info: ['border-line bg-surface', 'text-accent-ink', 'info'],
  good: ['border-good-line bg-good-soft', 'text-good', 'check'],
  warn: ['border-warn-line bg-warn-soft', 'text-warn', 'alert'],
  bad: ['border-bad-line bg-bad-soft', 'text-bad', 'alert'],
} as const

interface NoticeProps {
  readonly tone: keyof typeof noticeTones
  readonly children: ReactNode
  readonly title?: ReactNode
  readonly action?: ReactNode
  readonly icon?: IconName
}

export function Notice({ tone, title, children, action, icon }: NoticeProps) {
  const [box, ink, sign] = noticeTones[tone]
  return (
    <div
      className={`flex flex-wrap gap-x-3 gap-y-2 rounded-lg border px-3.5 py-2.5 text-sm ${title === undefined ? 'items-center' : 'items-start'} ${box}`}
    >
      <Icon name={icon ?? sign} className={`${title === undefined ? '' : 'mt-[3px]'} ${ink}`} />
      <div className="min-w-0 flex-1 basis-52 break-words text-ink">
        {title !== undefined && <p className="font-medium">{title}</p>}
        <div className={title === undefined ? '' : 'text-ink-2'}>{children}</div>
      </div>
      {action}
    </div>
  )
}

interface FaultProps {
  readonly fault: unknown
  /** What was tried. */
  readonly what: string
  readonly again?: (() => void) | undefined
}

/** What failed, whether anything was changed, what to do, and what support will ask for. */
export function FaultNotice({ fault, what, again }: FaultProps) {
  const told = words.faults.tell(fault)
  const requestId = fault instanceof ApiFault ? fault.requestId : null
  return (
    <div role="alert">
      <Notice
        tone="bad"
        title={what}
        action={
          again && (
            <Button isSmall onClick={again}>
              {words.common.tryAgain}
            </Button>
          )
        }
      >
        <p>
          {told}
          {isDocumented(fault) && (
            <>
              {' '}
              <a href={`docs/errors/${fault.code}`} target="_blank" className="text-accent-ink underline">
                {words.faults.more}
              </a>
            </>
          )}
        </p>
        {requestId !== null && (
          <p className="mt-1 flex flex-wrap items-center gap-1 text-xs text-ink-3">
            {words.faults.requestId} <code className="break-all">{requestId}</code>
            <CopyButton text={requestId} label={words.faults.copyRequestId} isQuiet />
          </p>
        )}
      </Notice>
    </div>
  )
}

/** What the server says by itself has a page; what the way to it says has none. */
function isDocumented(fault: unknown): fault is ApiFault {
  return fault instanceof ApiFault && fault.status > 0 && /^(?!HTTP_)[A-Z_]+$/.test(fault.code)
}
