// Why a request was refused, in a sentence that support can read aloud to whoever sent it: what happened, and what mends it. All
// reasons of reasons.ts; a test holds the two together. Nothing of how the platform is built stands here: no addresses, names of
// machines or of settings, which reasons.ts has for those who run it.

import type { ErrorCode } from './catalogue.ts'
import { controlSentences } from './sentences/control.ts'
import { credentialSentences } from './sentences/credentials.ts'
import { peopleSentences } from './sentences/people.ts'
import { requestSentences } from './sentences/requests.ts'
import { upstreamSentences } from './sentences/upstreams.ts'

/** Code → reason → the sentence. */
export const sentences: Readonly<Record<ErrorCode, Readonly<Record<string, string>>>> = {
  ...requestSentences,
  ...credentialSentences,
  ...upstreamSentences,
  ...controlSentences,
  ...peopleSentences,
}

/** What is said of requests that were let through, and failed all the same: by who ended the answer, or its status. */
export const failureSentences = {
  upstream_failed:
    'Your request was accepted and passed on, and the service behind the gateway itself answered that it failed.',
  upstream:
    'Your request was accepted, and the service behind the gateway broke its answer off in the middle.',
  timeout: 'Your request was accepted, and its answer was ended in the middle, as nothing moved any more.',
  gateway: 'Your request was accepted, and its answer was ended in the middle by a limit of the gateway.',
  client: 'Your request was accepted, and the sender left before the answer was whole.',
} as const

export interface Told {
  /** null: it was let through. */
  readonly code: string | null
  readonly reason: string | null
  /** Who ended it before its time; null: nobody. */
  readonly cut: string | null
}

/** The sentence for a request that was refused, or came to nothing. Words of another version than this one get a general one. */
export function sentenceOf({ code, reason, cut }: Told): string {
  if (code === null) return ownOf(failureSentences, cut ?? '') ?? failureSentences.upstream_failed
  const ofCode = ownOf(sentences, code)
  const sentence = ofCode && ownOf(ofCode, reason ?? '')
  return sentence ?? `The request was refused with ${code}; what stands behind it this version cannot say.`
}

function ownOf<Value>(table: Readonly<Record<string, Value>>, name: string): Value | undefined {
  return Object.hasOwn(table, name) ? table[name] : undefined
}
