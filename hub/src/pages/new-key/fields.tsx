import { useState } from 'react'
import type { ApiPermissions } from '../../api/types.ts'
import { EnvironmentSign, isLive } from '../../shell/environment.tsx'
import { useMerchantName } from '../../shell/merchant.tsx'
import { MerchantMenu } from '../../shell/merchant-menu.tsx'
import { Button } from '../../ui/button.tsx'
import { Choice, Field, Input, Select } from '../../ui/field.tsx'
import { Icon } from '../../ui/icon.tsx'
import { dayOf } from '../../ui/time.tsx'
import { words } from '../../words.ts'

interface MerchantProps {
  readonly value: string | null
  readonly fault: string | undefined
  readonly onChange: (id: string) => void
}

export function MerchantField({ value, fault, onChange }: MerchantProps) {
  const name = useMerchantName(value) ?? words.newKey.chooseMerchant
  return (
    <Field label={words.newKey.merchant} fault={fault}>
      <MerchantMenu
        hasAll={false}
        current={value}
        choose={(id) => id !== null && onChange(id)}
        button={
          <Button aria-label={`${words.newKey.merchant}: ${name}`} className="max-w-full self-start">
            <span className="truncate">{name}</span>
            <Icon name="down" size={14} />
          </Button>
        }
      />
    </Field>
  )
}

interface ApiProps {
  readonly apis: readonly ApiPermissions[]
  readonly value: string
  readonly onChange: (api: string) => void
}

export function ApiChoice({ apis, value, onChange }: ApiProps) {
  return (
    <Choice
      legend={words.newKey.api}
      value={value}
      onChange={onChange}
      options={apis.map(({ api, hosts }) => ({
        value: api,
        label: api,
        note: Object.values(hosts ?? {}).flat()[0] ?? undefined,
      }))}
    />
  )
}

interface EnvironmentProps {
  readonly names: readonly string[]
  readonly value: string
  readonly onChange: (name: string) => void
}

export function EnvironmentChoice({ names, value, onChange }: EnvironmentProps) {
  const note = (name: string): string =>
    isLive(name) ? words.newKey.live : name === 'sandbox' ? words.newKey.sandbox : words.newKey.other
  return (
    <Choice
      legend={words.newKey.environment}
      value={value}
      onChange={onChange}
      options={names.map((name) => ({
        value: name,
        label: (
          <span className="inline-flex items-center gap-1.5">
            <EnvironmentSign name={name} />
            {words.environments.name(name)}
          </span>
        ),
        note: note(name),
        tone: isLive(name) ? 'border-good-line bg-good-soft' : 'border-dashed border-warn bg-warn-soft',
      }))}
    />
  )
}

interface ExpiryProps {
  /** Of a key that there is; undefined: it is being made. */
  readonly before?: string | null
  readonly value: string | null
  readonly fault: string | undefined
  readonly onChange: (at: string | null) => void
}

const dayMs = 86_400_000

export function ExpiryField({ before, value, fault, onChange }: ExpiryProps) {
  const [way, setWay] = useState(before === undefined ? 'never' : 'keep')
  const choose = (next: string): void => {
    setWay(next)
    if (next === 'keep') onChange(before ?? null)
    else if (next === 'never') onChange(null)
    else if (next !== 'date') onChange(new Date(Date.now() + Number(next) * dayMs).toISOString())
  }
  return (
    <div className="flex flex-wrap items-start gap-3">
      <Field label={words.newKey.expiry} fault={way === 'date' ? undefined : fault} className="w-56">
        <Select value={way} onChange={(event) => choose(event.target.value)}>
          {before !== undefined && (
            <option value="keep">
              {before === null ? words.newKey.expiryKeepNever : words.newKey.expiryKeep(dayOf(before))}
            </option>
          )}
          {['never', '30', '90', '365', 'date'].map((one) => (
            <option key={one} value={one}>
              {words.newKey.expiryOptions[one]}
            </option>
          ))}
        </Select>
      </Field>
      {way === 'date' && (
        <Field label={words.newKey.expiryDay} fault={fault} className="w-44">
          <Input
            type="date"
            min={localDay(Date.now())}
            value={value === null ? '' : localDay(Date.parse(value))}
            onChange={(event) => onChange(endOfDay(event.target.value))}
          />
        </Field>
      )}
    </div>
  )
}

function localDay(ms: number): string {
  const date = new Date(ms)
  const two = (value: number): string => String(value).padStart(2, '0')
  return `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`
}

/** The day is whole, in the reader's zone. */
function endOfDay(text: string): string | null {
  const date = new Date(`${text}T23:59:59`)
  return Number.isNaN(date.getTime()) ? null : date.toISOString()
}
