// The whole program with one merchant and one key that may do everything: where tests of the wire begin.

import { type MadeKey } from './admin.ts'
import { startTestProgram, type TestProgram, type TestProgramOptions } from './program.ts'
import type { RecordedRequest } from './upstream.ts'
import { exchange, type RawResponse, request } from './wire.ts'

export const host = 'Host: api.flintn.com'

export interface KeyedProgram extends TestProgram {
  readonly merchant: string
  readonly key: MadeKey
  /** The header field that carries the key. */
  readonly auth: string
  /** Sends one request with Host and key before `fields`: `send('GET /v1/status')`. */
  send(line: string, fields?: readonly string[], body?: string): Promise<RawResponse>
  /** Sends bytes as they are. */
  raw(bytes: string | readonly string[], quietMs?: number): Promise<RawResponse>
  /** The request that reached the live upstream last. */
  last(): RecordedRequest | undefined
}

interface Teardown {
  teardown(fn: () => Promise<void>): unknown
}

/** Starts everything, as `startTestProgram` does, and makes the key. */
export async function startKeyedProgram(
  t: Teardown,
  options: TestProgramOptions = {},
): Promise<KeyedProgram> {
  return withKey(await startTestProgram(t, options))
}

/** Makes the key for a program that runs already. */
export async function withKey(program: TestProgram, environment = 'live'): Promise<KeyedProgram> {
  const merchant = await program.admin.makeMerchant()
  const key = await program.admin.makeKey(merchant, { environment, permissions: ['*'] })
  const auth = `X-Api-Key: ${key.secret}`
  const raw = (bytes: string | readonly string[], quietMs?: number): Promise<RawResponse> =>
    exchange(program.gatewayPort, bytes, quietMs)
  return {
    ...program,
    merchant,
    key,
    auth,
    raw,
    send: (line, fields = [], body = '') => raw(request(line, [host, auth, ...fields], body)),
    last: () => program.live.requests.at(-1),
  }
}
