// Rates by name of a limit of the file, and how many requests may be under way: of a key, and of a merchant.

import { faultOf } from '../../api/fault.ts'
import type { RateLimit } from '../../api/types.ts'
import { Field, Input } from '../../ui/field.tsx'
import { words } from '../../words.ts'

type Rates = Readonly<Record<string, { readonly rate: string; readonly burst: number | null }>>

interface Limited {
  readonly rate_limits?: Rates
  readonly in_flight?: number | null
}

/** As it is typed. */
export interface LimitWish {
  readonly rates: Readonly<Record<string, string>>
  readonly inFlight: string
}

export function wishOf({ rate_limits: rates = {}, in_flight: inFlight }: Limited): LimitWish {
  return {
    rates: Object.fromEntries(Object.entries(rates).map(([name, { rate }]) => [name, rate])),
    inFlight: inFlight === null || inFlight === undefined ? '' : String(inFlight),
  }
}

/**
 * As the API takes it: of the limits that are shown, as it takes no name that the file has no more. A burst that was said stays
 * with the rate that it was said for.
 */
export function limitsAsked(
  { rates, inFlight }: LimitWish,
  { before, limits }: { readonly before: Limited; readonly limits: readonly RateLimit[] },
) {
  const said = limits
    .map(({ name }): [string, string] => [name, rates[name] ?? ''])
    .filter(([, rate]) => rate.trim() !== '')
  return {
    rate_limits: Object.fromEntries(
      said.map(([name, text]) => {
        const rate = text.trim()
        const was = before.rate_limits?.[name]
        return [name, { rate, burst: was?.rate === rate ? was.burst : null }]
      }),
    ),
    in_flight: inFlight.trim() === '' ? null : Number(inFlight),
  }
}

/** Whether a field that is shown says what was wrong. */
export function isLimitTold(fault: unknown, limits: readonly RateLimit[]): boolean {
  const paths = ['/in_flight', ...limits.map(({ name }) => `/rate_limits/${name}`)]
  return paths.some((path) => faultOf(fault, path) !== undefined)
}

interface FieldsProps {
  /** That can be another one here. */
  readonly limits: readonly RateLimit[]
  readonly wish: LimitWish
  readonly change: (wish: LimitWish) => void
  readonly fault: unknown
  readonly hint: (limit: RateLimit) => string
}

export function LimitFields({ limits, wish, change, fault, hint }: FieldsProps) {
  const text = words.limits
  return (
    <>
      {limits.length === 0 && <p className="text-sm text-ink-3">{text.none}</p>}
      {limits.map((limit) => (
        <Field
          key={limit.name}
          label={text.rate(limit.name)}
          hint={hint(limit)}
          fault={faultOf(fault, `/rate_limits/${limit.name}`)}
        >
          <Input
            className="max-w-44 font-mono"
            pattern="\s*[1-9][0-9]{0,8}/(s|min|h|d)\s*"
            title={text.form}
            placeholder={limit.rate}
            value={wish.rates[limit.name] ?? ''}
            onChange={(event) =>
              change({ ...wish, rates: { ...wish.rates, [limit.name]: event.target.value } })
            }
          />
        </Field>
      ))}
      <Field label={text.inFlight} hint={text.inFlightHint} fault={faultOf(fault, '/in_flight')}>
        <Input
          type="number"
          min={1}
          max={1_000_000}
          className="max-w-44"
          value={wish.inFlight}
          onChange={(event) => change({ ...wish, inFlight: event.target.value })}
        />
      </Field>
    </>
  )
}
