// Command lines that ask to be signed in, by the code that they show.

import { call } from './call.ts'

export interface DeviceRequest {
  readonly user_code: string
  /** What it calls itself. */
  readonly name: string
  readonly client: string | null
  readonly requested_at: string
}

export function lookUpDevice(code: string): Promise<DeviceRequest> {
  return call('POST', 'hub/v1/device/lookup', { body: { user_code: code } })
}

export type DeviceAnswer = 'approve' | 'deny'

export function answerDevice(code: string, answer: DeviceAnswer): Promise<unknown> {
  return call('POST', `hub/v1/device/${answer}`, { body: { user_code: code } })
}
