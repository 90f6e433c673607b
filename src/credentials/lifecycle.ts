// What may become of a key and of a merchant, as tables. Pure.

import type { KeyStatus, MerchantStatus } from './record.ts'

/** The three changes of a key's status (contract 4): the verb, and the status that it leads to. */
export const keyActions = { disable: 'disabled', enable: 'active', revoke: 'revoked' } as const
export type KeyAction = keyof typeof keyActions

/** From each status, the statuses that can follow. Revoked is final. */
export const keyTransitions = {
  active: ['disabled', 'revoked'],
  disabled: ['active', 'revoked'],
  revoked: [],
} as const satisfies Record<KeyStatus, readonly KeyStatus[]>

export const merchantActions = { suspend: 'suspended', resume: 'active' } as const
export type MerchantAction = keyof typeof merchantActions

/** The outcome of asking for a change: it happens, it has already happened, or it cannot. */
export type Transition<Status> =
  | { readonly kind: 'changed'; readonly to: Status }
  | { readonly kind: 'unchanged' }
  | { readonly kind: 'refused' }

/** What `action` does to a key in `status`. Repeating an action changes nothing and is no fault. */
export function keyTransition(status: KeyStatus, action: KeyAction): Transition<KeyStatus> {
  const to = keyActions[action]
  if (status === to) return { kind: 'unchanged' }
  const reachable: readonly KeyStatus[] = keyTransitions[status]
  return reachable.includes(to) ? { kind: 'changed', to } : { kind: 'refused' }
}

/** What `action` does to a merchant in `status`. Both directions are always open. */
export function merchantTransition(
  status: MerchantStatus,
  action: MerchantAction,
): Transition<MerchantStatus> {
  const to = merchantActions[action]
  return status === to ? { kind: 'unchanged' } : { kind: 'changed', to }
}

/** Grace of a rotation when the caller names none (contract 4), in seconds. */
export const defaultGraceSeconds = 24 * 60 * 60
/** Longest grace that a rotation may ask for, in seconds: 90 days, the rotation interval that the flint document advises. */
export const maxGraceSeconds = 90 * 24 * 60 * 60
