// Why a request was refused, in words for those who read the log: all reasons of each code. The client is told the code
// alone. docs/log.md has them (`npm run docs`).

import type { ErrorCode } from './catalogue.ts'
import { controlReasons } from './reasons/control.ts'
import { credentialReasons } from './reasons/credentials.ts'
import { peopleReasons } from './reasons/people.ts'
import { requestReasons } from './reasons/requests.ts'
import { upstreamReasons } from './reasons/upstreams.ts'

/** Code → reason → what it means. A reason is one of these words, never taken from what a client sent. */
export const reasons = {
  ...requestReasons,
  ...credentialReasons,
  ...upstreamReasons,
  ...controlReasons,
  ...peopleReasons,
} as const satisfies Record<ErrorCode, Readonly<Record<string, string>>>

/** The reasons of a code. */
export type Reason<Code extends ErrorCode> = keyof (typeof reasons)[Code] & string
