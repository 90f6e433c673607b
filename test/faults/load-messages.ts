// What a test and the process that makes its load say to each other.

import type { Answer } from './client.ts'

export interface LoadOptions {
  /** A client has one connection to each. */
  readonly ports: readonly number[]
  readonly clients: number
  /** Between two requests of a client, on average. */
  readonly pauseMs: number
  /** Seven of ten requests ask with one of the last so many secrets; all alike unless said. */
  readonly youngest?: number
  /** They are access tokens, and come as Bearer. */
  readonly areTokens?: boolean
}

/** More secrets to ask with; tell what is not yet told; end. */
export type ToLoad =
  | { readonly type: 'secrets'; readonly secrets: readonly string[] }
  | { readonly type: 'tell' }
  | { readonly type: 'stop' }

/** The secret's place, and what the answer to it was. */
export type Row = readonly [place: number, port: number, answer: Answer]

export type FromLoad =
  | { readonly type: 'started' }
  | { readonly type: 'answers'; readonly answers: readonly Row[] }
  | { readonly type: 'told' }

export function isToLoad(message: unknown): message is ToLoad {
  return /^(?:secrets|tell|stop)$/.test(String(Object(message).type))
}

export function isFromLoad(message: unknown): message is FromLoad {
  return /^(?:started|answers|told)$/.test(String(Object(message).type))
}
