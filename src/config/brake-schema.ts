// The schema of an API's brakes: what becomes of a key that does far more of something than it usually does.

import { Type } from 'typebox'
import { closed, Text } from './schema-fields.ts'

export const brakeActions = ['notify', 'disable', 'require_ip'] as const
export type BrakeAction = (typeof brakeActions)[number]

/** `5x usual`: read by `brakesOf` (brakes.ts). */
const rateText = {
  pattern: '^([2-9]|[1-9][0-9]{1,3}) ?[x×] ?usual$',
  expects: 'how many times the usual, 2 to 9999, such as `5x usual`',
} as const

export const Brakes = Type.Record(
  Type.String(),
  Type.Object(
    {
      permission: Text('Requests that a key makes on routes that ask for this permission are counted.', {
        example: 'transaction.refund',
      }),
      rate: Type.String({
        ...rateText,
        default: '5x usual',
        description:
          'It is a burst from so many times on what is usual: what 95 of 100 hours of the last 30 days that had any did not exceed, today left out.',
      }),
      floor: Type.Integer({
        minimum: 1,
        maximum: 1_000_000_000,
        default: 20,
        description: 'Fewer in an hour are never a burst, however few are usual.',
      }),
      action: Type.Enum([...brakeActions], {
        default: 'notify',
        description:
          '`notify`: webhook and mail. `disable`: the key is disabled as well. `require_ip`: it works from the addresses alone that it was used from in the last 30 days, but for the last one.',
      }),
    },
    closed,
  ),
  {
    propertyNames: { pattern: '^[a-z0-9_-]{1,64}$', expects: 'a name of a-z, 0-9, `-` and `_`' },
    default: {},
    description:
      'Brakes by name, pulled within about a minute where a key does in an hour far more than is usual for it. None unless said.',
  },
)
