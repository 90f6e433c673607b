import { queryOptions } from '@tanstack/react-query'
import { call } from './call.ts'
import type { Page, Signed } from './types.ts'

export interface OwnSession {
  readonly id: string
  readonly created_at: string
  readonly last_used_at: string
  readonly client: string | null
  readonly user_agent: string | null
  readonly current: boolean
}

export const ownSessions = queryOptions({
  queryKey: ['own-sessions'],
  queryFn: ({ signal }) => call<Page<OwnSession>>('GET', 'hub/v1/account/sessions', { signal }),
})

export function endSession(id: string): Promise<unknown> {
  return call('DELETE', `hub/v1/account/sessions/${encodeURIComponent(id)}`)
}

export function endOtherSessions(): Promise<unknown> {
  return call('DELETE', 'hub/v1/account/sessions')
}

export function changePassword(current: string, password: string, totp: string): Promise<Signed> {
  const body = { current, password, ...(totp && { totp }) }
  return call('POST', 'hub/v1/account/password', { body })
}

const browsers = [
  ['Edge', /Edg\//],
  ['Opera', /OPR\//],
  ['Firefox', /Firefox\//],
  ['Chrome', /Chrome\//],
  ['Safari', /Safari\//],
] as const
const systems = [
  ['iPhone', /iPhone/],
  ['iPad', /iPad/],
  ['Android', /Android/],
  ['macOS', /Mac OS X/],
  ['Windows', /Windows/],
  ['Linux', /Linux/],
] as const

/** As well as a program says what it is. */
export function deviceOf(userAgent: string | null): readonly [string, string] | null {
  if (userAgent === null) return null
  const browser = browsers.find(([, sign]) => sign.test(userAgent))?.[0]
  const system = systems.find(([, sign]) => sign.test(userAgent))?.[0]
  return browser && system ? [browser, system] : null
}
