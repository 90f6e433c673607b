// What primary and workers say to each other. One secret travels this way, as their channel is a socket that nobody else has: what
// session tickets are sealed with.

export type ToWorker =
  | { readonly type: 'reload' }
  /** Another worker takes its place: it is to drain at once. */
  | { readonly type: 'retire' }
  | { readonly type: 'metrics'; readonly id: number }
  /** All that the emergency stop was told, in the text of lookup/deny-format.ts. */
  | { readonly type: 'deny'; readonly words: readonly string[] }

  /** Base64; before `deny`, where there is TLS. */
  | { readonly type: 'ticket_keys'; readonly keys: string }

export type FromWorker =
  /** The first word, and who it is among the instances. The primary answers with what is denied. */
  | { readonly type: 'started'; readonly instance: string }
  | { readonly type: 'serving' }
  /** Whether it loses lines of the log, when that has changed. */
  | { readonly type: 'log'; readonly isDropping: boolean }
  /** All that it counts: the answer to question `id`, or, unasked, its last word. */
  | { readonly type: 'metrics'; readonly id: number | null; readonly metrics: object[] }

/** Whether a message is one of ours; node:cluster and libraries send their own. */
export function isToWorker(message: unknown): message is ToWorker {
  return hasType(message, ['reload', 'retire', 'metrics', 'deny', 'ticket_keys'])
}

/** Whether a message is one of ours. */
export function isFromWorker(message: unknown): message is FromWorker {
  return hasType(message, ['started', 'serving', 'log', 'metrics'])
}

function hasType(message: unknown, types: readonly string[]): boolean {
  if (typeof message !== 'object' || message === null || !('type' in message)) return false
  return typeof message.type === 'string' && types.includes(message.type)
}
