// Fields of a form: a label, what it is for, what is wrong with it.

import {
  type InputHTMLAttributes,
  type ReactNode,
  type SelectHTMLAttributes,
  type TextareaHTMLAttributes,
  createContext,
  useContext,
  useId,
} from 'react'
import { Icon } from './icon.tsx'

interface Bound {
  readonly id: string
  readonly describedBy: string | undefined
  readonly isWrong: boolean
}
const FieldContext = createContext<Bound | null>(null)

interface FieldProps {
  readonly label: ReactNode
  readonly hint?: ReactNode
  readonly fault?: string | undefined
  readonly children: ReactNode
  readonly className?: string
}

export function Field({ label, hint, fault, children, className = '' }: FieldProps) {
  const id = useId()
  const notes = [hint !== undefined && `${id}-hint`, fault !== undefined && `${id}-fault`].filter(Boolean)
  const describedBy = notes.length === 0 ? undefined : notes.join(' ')
  return (
    <div className={`flex flex-col gap-1.5 ${className}`}>
      <label htmlFor={id} className="text-[13px] font-medium text-ink">
        {label}
      </label>
      <FieldContext.Provider value={{ id, describedBy, isWrong: fault !== undefined }}>
        {children}
      </FieldContext.Provider>
      {hint !== undefined && (
        <p id={`${id}-hint`} className="text-[13px] text-ink-3">
          {hint}
        </p>
      )}
      {fault !== undefined && (
        <p id={`${id}-fault`} className="flex items-start gap-1.5 text-[13px] text-bad">
          <Icon name="alert" size={14} className="mt-0.5" />
          {fault}
        </p>
      )}
    </div>
  )
}

const box =
  'w-full rounded-lg border border-line-strong bg-surface px-3 text-sm text-ink placeholder:text-ink-3 shadow-rest transition-colors duration-150 hover:border-ink-3 focus-visible:border-accent focus-visible:outline-offset-0 aria-invalid:border-bad disabled:opacity-60'

function useBound() {
  const bound = useContext(FieldContext)
  if (bound === null) return {}
  return {
    id: bound.id,
    'aria-describedby': bound.describedBy,
    ...(bound.isWrong && { 'aria-invalid': true as const }),
  }
}

export function Input({ className = '', ...rest }: InputHTMLAttributes<HTMLInputElement>) {
  return <input {...useBound()} {...rest} className={`${box} h-9 ${className}`} />
}

export function TextArea({ className = '', ...rest }: TextareaHTMLAttributes<HTMLTextAreaElement>) {
  return <textarea {...useBound()} {...rest} className={`${box} py-2 ${className}`} />
}

export function Select({ className = '', children, ...rest }: SelectHTMLAttributes<HTMLSelectElement>) {
  return (
    <span className={`relative block ${className}`}>
      <select {...useBound()} {...rest} className={`${box} h-9 appearance-none truncate pr-8`}>
        {children}
      </select>
      <Icon name="down" size={14} className="pointer-events-none absolute top-[11px] right-2.5 text-ink-3" />
    </span>
  )
}

interface CheckProps extends Omit<InputHTMLAttributes<HTMLInputElement>, 'type'> {
  readonly label: ReactNode
  readonly note?: ReactNode
}

export function Check({ label, note, className = '', ...rest }: CheckProps) {
  const id = useId()
  return (
    <span className={`flex items-start gap-2.5 ${className}`}>
      <input
        {...rest}
        id={id}
        type="checkbox"
        aria-describedby={note === undefined ? undefined : `${id}-note`}
        className="mt-[3px] size-4 shrink-0 cursor-pointer accent-accent"
      />
      <span className="min-w-0">
        <label htmlFor={id} className="text-sm text-ink">
          {label}
        </label>
        {note !== undefined && (
          <span id={`${id}-note`} className="block text-[13px] text-ink-3">
            {note}
          </span>
        )}
      </span>
    </span>
  )
}

interface ChoiceProps<Value extends string> {
  readonly legend: string
  readonly value: Value
  readonly options: readonly { value: Value; label: ReactNode; note?: ReactNode; tone?: string }[]
  readonly onChange: (value: Value) => void
  readonly columns?: string
}

/** One of a few, each with a sentence. */
export function Choice<Value extends string>({
  legend,
  value,
  options,
  onChange,
  columns,
}: ChoiceProps<Value>) {
  const name = useId()
  return (
    <fieldset>
      <legend className="mb-1.5 text-[13px] font-medium text-ink">{legend}</legend>
      <div className={`grid gap-2 ${columns ?? 'sm:grid-cols-2'}`}>
        {options.map((one) => (
          <label
            key={one.value}
            className={`flex items-start gap-2.5 rounded-lg border px-3 py-2.5 transition-colors duration-150 has-focus-visible:outline-2 has-focus-visible:outline-accent ${
              one.value === value
                ? (one.tone ?? 'border-accent bg-accent-soft')
                : 'border-line-strong bg-surface hover:bg-hover'
            }`}
          >
            <input
              type="radio"
              name={name}
              checked={one.value === value}
              onChange={() => onChange(one.value)}
              className="mt-[3px] size-4 shrink-0 accent-accent outline-none"
            />
            <span className="min-w-0">
              <span className="block text-sm font-medium text-ink">{one.label}</span>
              {one.note !== undefined && <span className="block text-[13px] text-ink-2">{one.note}</span>}
            </span>
          </label>
        ))}
      </div>
    </fieldset>
  )
}
