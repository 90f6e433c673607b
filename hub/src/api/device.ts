// Command lines that ask to be signed in, and programs of others that ask for access, by the code that they show.

import type { AskedAccess } from './authorize.ts'
import { call } from './call.ts'

export interface DeviceRequest {
  readonly user_code: string
  /** What it calls itself. */
  readonly name: string
  readonly client: string | null
  readonly requested_at: string
  /** null: a command line. */
  readonly access: AskedAccess | null
}

export function lookUpDevice(code: string): Promise<DeviceRequest> {
  return call('POST', 'hub/v1/device/lookup', { body: { user_code: code } })
}

export type DeviceAnswer = 'approve' | 'deny'

/** `merchant`: for which a program of others gets access. */
export function answerDevice(
  { user_code: code, access }: DeviceRequest,
  { answer, merchant }: { readonly answer: DeviceAnswer; readonly merchant: string },
): Promise<unknown> {
  const chosen = access !== null && answer === 'approve' ? { merchant_id: merchant } : {}
  return call('POST', `hub/v1/device/${answer}`, { body: { user_code: code, ...chosen } })
}
