// What primary and workers say to each other. Secrets travel this way, as their channel is a socket that nobody else has: what session
// tickets are sealed with, and the files of the configuration, for a worker that asks for them.

import type { LiveDecision, LiveScope } from '../telemetry/live.ts'
import type { KeptConfig } from './kept-config.ts'
import type { UpstreamFigures } from './upstream-figures.ts'

export type ToWorker =
  | { readonly type: 'reload' }
  /** Another worker takes its place: it is to drain at once. */
  | { readonly type: 'retire' }
  | { readonly type: 'metrics'; readonly id: number }
  /** What is watched, for a while. */
  | { readonly type: 'live'; readonly scopes: readonly LiveScope[] }
  /** The first word: who the primary is among the instances, the path by which it asks the gateway's port, and how many workers it keeps. */
  | { readonly type: 'welcome'; readonly primary: string; readonly probe: string; readonly serving: number }
  /** All that the emergency stop was told, in the text of lookup/deny-format.ts. */
  | { readonly type: 'deny'; readonly words: readonly string[] }

  /** Base64; before `deny`, where there is TLS. */
  | { readonly type: 'ticket_keys'; readonly keys: string }
  /** The answer to `kept`. */
  | { readonly type: 'kept'; readonly config: KeptConfig }

export type FromWorker =
  /** The first word, and who it is among the instances. The primary answers with what is denied. */
  | { readonly type: 'started'; readonly instance: string }
  /** The files on disk have faults: it asks for those that are in force. */
  | { readonly type: 'kept' }
  | { readonly type: 'serving' }
  /** The last word of one that could not start: why, line by line. */
  | { readonly type: 'failed'; readonly told: readonly string[] }
  /** Whether it loses lines of the log, when that has changed. */
  | { readonly type: 'log'; readonly isDropping: boolean }
  /** How many targets of upstreams it has, and how many of them are available, when that has changed. */
  | { readonly type: 'upstreams'; readonly figures: UpstreamFigures }
  /** Decisions for those who watch. */
  | { readonly type: 'live'; readonly batch: readonly LiveDecision[] }
  /** All that it counts: the answer to question `id`, or, unasked, its last word. */
  | { readonly type: 'metrics'; readonly id: number | null; readonly metrics: object[] }

/** Whether a message is one of ours; node:cluster and libraries send their own. */
export function isToWorker(message: unknown): message is ToWorker {
  return hasType(message, ['reload', 'retire', 'metrics', 'welcome', 'deny', 'ticket_keys', 'kept', 'live'])
}

/** Whether a message is one of ours. */
export function isFromWorker(message: unknown): message is FromWorker {
  return hasType(message, ['started', 'kept', 'serving', 'failed', 'log', 'upstreams', 'metrics', 'live'])
}

function hasType(message: unknown, types: readonly string[]): boolean {
  if (typeof message !== 'object' || message === null || !('type' in message)) return false
  return typeof message.type === 'string' && types.includes(message.type)
}
