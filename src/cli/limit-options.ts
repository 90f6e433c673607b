// What is said of one key or merchant in place of limits of the file: options of the verbs that make and change them.

import { type Command, InvalidArgumentError } from 'commander'
import { parseRates, type Rates } from './rates.ts'

export interface LimitFlags {
  /** False: `--no-rate-limits`. */
  readonly rateLimits?: Rates | false
  /** False: `--no-in-flight`. */
  readonly inFlight?: number | false
}

const mostInFlight = 1_000_000

/** Adds what sets them. */
export function addLimits(verb: Command): Command {
  return verb
    .option(
      '--rate-limits <limits...>',
      'what counts in place of limits of the file, as in default=500/s, or default=500/s:1000 with a burst',
      parseRates,
    )
    .option('--in-flight <number>', 'most requests under way at once', parseInFlight)
}

/** Adds what takes them back. */
export function addNoLimits(verb: Command): Command {
  return verb
    .option('--no-rate-limits', 'what the file says of rate limits counts')
    .option('--no-in-flight', 'any number of requests may be under way')
}

/** The members of a body. */
export function limitsOf({ rateLimits, inFlight }: LimitFlags): Readonly<Record<string, unknown>> {
  return {
    ...(rateLimits !== undefined && { rate_limits: rateLimits === false ? {} : rateLimits }),
    ...(inFlight !== undefined && { in_flight: inFlight === false ? null : inFlight }),
  }
}

export function parseInFlight(text: string): number {
  const most = Number(text)
  if (!/^[1-9][0-9]{0,6}$/.test(text) || most > mostInFlight)
    throw new InvalidArgumentError(`It is a whole number from 1 to ${mostInFlight}.`)
  return most
}
