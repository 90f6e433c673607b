import type { ReactNode } from 'react'
import { Icon, type IconName } from './icon.tsx'

const tones = {
  good: 'bg-good-soft text-good border-good-line',
  warn: 'bg-warn-soft text-warn border-warn-line',
  bad: 'bg-bad-soft text-bad border-bad-line',
  plain: 'bg-sunk text-ink-2 border-line',
  accent: 'bg-accent-soft text-accent-ink border-transparent',
} as const
export type Tone = keyof typeof tones

interface BadgeProps {
  readonly tone: Tone
  readonly children: ReactNode
  readonly icon?: IconName
  readonly isDashed?: boolean
  readonly title?: string
}

export function Badge({ tone, children, icon, isDashed = false, title }: BadgeProps) {
  return (
    <span
      title={title}
      className={`inline-flex h-[22px] max-w-full items-center gap-1 rounded-full border px-2 text-xs font-medium whitespace-nowrap ${tones[tone]} ${isDashed ? 'border-dashed' : ''}`}
    >
      {icon ? (
        <Icon name={icon} size={12} />
      ) : (
        <span aria-hidden="true" className="size-1.5 rounded-full bg-current" />
      )}
      <span className="truncate">{children}</span>
    </span>
  )
}

export function Chip({
  children,
  title,
  isStruck = false,
}: {
  children: ReactNode
  title?: string
  isStruck?: boolean
}) {
  return (
    <span
      title={title}
      className={`inline-flex h-[22px] max-w-full items-center rounded-md border bg-sunk px-1.5 font-mono text-xs text-ink-2 ${isStruck ? 'line-through opacity-70' : ''}`}
    >
      <span className="truncate">{children}</span>
    </span>
  )
}
