// The few questions that a command line asks of the hub to be signed in, and no longer to be.

import { Type } from 'typebox'
import { Check } from 'typebox/value'
import type { AdminCall } from '../admin/admin-call.ts'
import type { Fetch } from '../admin/admin-client.ts'
import { foreignAnswer, refusal, unreachable } from '../admin/admin-failure.ts'
import type { Login } from './login-file.ts'

export interface HubClientDeps {
  readonly fetch: Fetch
  readonly timeoutMs: number
}

const Begun = Type.Object({
  device_code: Type.String(),
  user_code: Type.String(),
  url: Type.String(),
  expires_in: Type.Integer(),
  interval: Type.Integer(),
})
const Signed = Type.Object({ token: Type.String(), email: Type.String(), expires_at: Type.String() })

/** What became of a question for the token; `away`: no answer, or none that says anything. */
export type Said =
  | { readonly kind: 'taken'; readonly login: Login }
  | { readonly kind: 'waiting' | 'ended' | 'away' }
  | { readonly kind: 'early'; readonly stepSeconds: number }

interface Told {
  readonly status: number
  readonly answer: unknown
  readonly headers: Headers
}

/** All reject with a CliError. */
export function createHubClient(url: string, { fetch, timeoutMs }: HubClientDeps) {
  async function send(path: string, body: object): Promise<Told> {
    const response = await fetch(`${url}/hub/v1${path}`, {
      method: 'POST',
      headers: { accept: 'application/json', 'content-type': 'application/json' },
      body: JSON.stringify(body),
      // A secret goes where it was meant for, and nowhere else.
      redirect: 'manual',
      signal: AbortSignal.timeout(timeoutMs),
    })
    const text = await response.text()
    return { status: response.status, answer: parsed(text), headers: response.headers }
  }

  /** Rejects where the answer is no. */
  async function ask(doing: string, path: string, body: object): Promise<unknown> {
    const call: AdminCall = { doing, method: 'POST', path }
    let told: Told
    try {
      told = await send(path, body)
    } catch (error) {
      throw unreachable({ call, url, error })
    }
    const { status, answer } = told
    if (status !== 200) throw refusal({ call, url, status, answer })
    return answer
  }

  return {
    async begin(name: string) {
      const answer = await ask('sign in', '/device', { name })
      if (!Check(Begun, answer) || !isWeb(answer.url)) throw foreignAnswer(url)
      return answer
    },
    async token(deviceCode: string): Promise<Said> {
      let told: Told
      try {
        told = await send('/device/token', { device_code: deviceCode })
      } catch {
        return { kind: 'away' }
      }
      const { status, answer, headers } = told
      if (status === 200 && Check(Signed, answer)) {
        const { token, email, expires_at } = answer
        return { kind: 'taken', login: { token, email, expires_at } }
      }
      if (status === 202) return { kind: 'waiting' }
      if (status === 410) return { kind: 'ended' }
      const seconds = Number(headers.get('retry-after'))
      if (status === 429) return { kind: 'early', stepSeconds: seconds > 0 ? seconds : 0 }
      return { kind: 'away' }
    },
    async end(token: string): Promise<void> {
      await ask('end the session', '/device/end', { token })
    },
  }
}

function isWeb(text: string): boolean {
  return URL.canParse(text) && /^https?:$/.test(new URL(text).protocol)
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
