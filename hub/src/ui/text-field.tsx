// One line of text with its label, what is wrong with it, and what is typed as text.

import type { InputHTMLAttributes, ReactNode } from 'react'
import { Field, Input } from './field.tsx'

interface TextFieldProps extends Omit<InputHTMLAttributes<HTMLInputElement>, 'value' | 'onChange'> {
  readonly label: ReactNode
  readonly hint?: ReactNode
  readonly fault?: string | undefined
  readonly value: string
  readonly change: (text: string) => void
}

export function TextField({ label, hint, fault, change, ...rest }: TextFieldProps) {
  return (
    <Field label={label} hint={hint} fault={fault}>
      <Input {...rest} onChange={(event) => change(event.target.value)} />
    </Field>
  )
}
