// Rate limits as they are given on the command line.

import { InvalidArgumentError } from 'commander'
import { mostBurst, rateText } from '../config/rate-limit-schema.ts'

/** By name of a limit of the file. */
export type Rates = Readonly<Record<string, { readonly rate: string; readonly burst?: number }>>

/** Adds `name=100/s` or `name=100/s:200`, with a burst. */
export function parseRates(text: string, before: Rates | false | undefined): Rates {
  const [, name = '', rate = '', burst] =
    /^([a-z0-9_-]{1,64})=([^:]+)(?::([1-9][0-9]{0,9}))?$/.exec(text) ?? []
  const isRate = new RegExp(rateText.pattern).test(rate)
  if (name === '' || !isRate || Number(burst ?? 1) > mostBurst)
    throw new InvalidArgumentError(
      'give a name and a rate, as in default=100/s, or default=100/s:200 with a burst',
    )
  const others = before === false || before === undefined ? {} : before
  return { ...others, [name]: { rate, ...(burst !== undefined && { burst: Number(burst) }) } }
}

/** A line each. */
export function rateLines(
  rates: Readonly<Record<string, { readonly rate: string; readonly burst: number | null }>>,
): string[] {
  return Object.entries(rates).map(
    ([name, { rate, burst }]) => `${name}: ${rate}${burst === null ? '' : `, burst ${burst}`}`,
  )
}
