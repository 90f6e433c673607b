import type { ButtonHTMLAttributes, ReactNode } from 'react'
import { Icon, type IconName } from './icon.tsx'

const kinds = {
  primary:
    'bg-accent text-white hover:bg-accent-hover disabled:bg-accent border border-transparent shadow-rest',
  plain: 'bg-surface text-ink border border-line-strong hover:bg-hover shadow-rest',
  quiet: 'bg-transparent text-ink-2 border border-transparent hover:bg-hover hover:text-ink',
  danger: 'bg-bad-solid text-white border border-transparent hover:brightness-95 shadow-rest',
  warning:
    'bg-surface text-bad border border-line-strong hover:bg-bad-soft hover:border-bad-line shadow-rest',
} as const
export type ButtonKind = keyof typeof kinds

const base =
  'inline-flex items-center justify-center gap-1.5 rounded-lg font-medium whitespace-nowrap transition-colors duration-150 disabled:opacity-55'

export function buttonClass(kind: ButtonKind = 'plain', isSmall = false): string {
  return `${base} ${isSmall ? 'h-8 px-2.5 text-[13px]' : 'h-9 px-3.5 text-sm'} ${kinds[kind]}`
}

interface ButtonProps extends ButtonHTMLAttributes<HTMLButtonElement> {
  readonly kind?: ButtonKind
  readonly icon?: IconName
  readonly isSmall?: boolean
  /** Something is under way: the button says so, and a second press does nothing. */
  readonly busy?: string | false
  readonly children: ReactNode
}

export function Button({ kind, icon, isSmall, busy, children, onClick, ...rest }: ButtonProps) {
  const isBusy = typeof busy === 'string'
  return (
    <button
      type="button"
      {...rest}
      aria-disabled={isBusy || undefined}
      className={`${buttonClass(kind, isSmall)} ${isBusy ? 'opacity-80' : ''} ${rest.className ?? ''}`}
      onClick={(event) => (isBusy ? event.preventDefault() : onClick?.(event))}
    >
      {isBusy ? <Spinner /> : icon && <Icon name={icon} />}
      {isBusy ? busy : children}
    </button>
  )
}

export function Spinner() {
  return (
    <span
      aria-hidden="true"
      className="size-3.5 animate-spin rounded-full border-2 border-current border-r-transparent"
    />
  )
}

interface IconButtonProps extends ButtonHTMLAttributes<HTMLButtonElement> {
  readonly icon: IconName
  readonly label: string
}

export function IconButton({ icon, label, className = '', ...rest }: IconButtonProps) {
  return (
    <button
      type="button"
      {...rest}
      aria-label={label}
      title={label}
      className={`inline-flex size-8 items-center justify-center rounded-lg text-ink-3 transition-colors duration-150 hover:bg-hover hover:text-ink disabled:opacity-50 ${className}`}
    >
      <Icon name={icon} />
    </button>
  )
}
