// What a program of somebody else would be able to do, in words, and for which merchant.

import { type AskedAccess } from '../../api/authorize.ts'
import { Field, Select } from '../../ui/field.tsx'
import { Notice } from '../../ui/states.tsx'
import { words } from '../../words.ts'

interface AccessProps {
  readonly asked: AskedAccess
  readonly merchant: string
  readonly choose: (id: string) => void
}

/** The one that is chosen to begin with; empty: there is none. */
export function firstMerchant({ merchants }: AskedAccess): string {
  return (merchants.find(({ granted }) => granted) ?? merchants[0])?.id ?? ''
}

export function Access({
  asked: { api, environment, permissions, merchants },
  merchant,
  choose,
}: AccessProps) {
  return (
    <>
      <section aria-labelledby="may">
        <h2 id="may" className="text-sm font-medium text-ink">
          {words.authorize.may}
        </h2>
        <p className="text-[13px] text-ink-3">{words.authorize.environment(api, environment)}</p>
        <ul className="mt-2 list-disc pl-5 text-sm text-ink">
          {permissions.map(({ name, description }) => (
            <li key={name} className="break-words">
              {description} <code className="text-[13px] text-ink-3">{name}</code>
            </li>
          ))}
        </ul>
      </section>
      {merchants.length === 0 ? (
        <Notice tone="bad">{words.authorize.nobody}</Notice>
      ) : (
        <Field label={words.authorize.merchant} hint={words.authorize.later}>
          <Select value={merchant} onChange={(event) => choose(event.target.value)}>
            {merchants.map(({ id: one, name, granted }) => (
              <option key={one} value={one}>
                {granted ? words.authorize.granted(name) : name}
              </option>
            ))}
          </Select>
        </Field>
      )}
    </>
  )
}
