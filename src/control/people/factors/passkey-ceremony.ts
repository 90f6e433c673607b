// What making a passkey and signing in with it have alike: a challenge that is good once, for five minutes.

import { hash } from 'node:crypto'
import { beginCeremony, type Ceremony } from '../../../store/people/ceremony-table.ts'
import type { HubApp } from '../hub-app.ts'

export const lifeMs = 5 * 60_000

export function rpIdOf({ deps }: HubApp): string {
  return new URL(deps.hub.publicUrl).hostname
}

/** Of what the library does not look at, nothing is handed on. */
export function asJson<
  Response extends { readonly id: string; readonly rawId: string; readonly response: object },
>({ id, rawId, response }: Response) {
  return {
    id,
    rawId,
    response: response as Response['response'],
    type: 'public-key' as const,
    clientExtensionResults: {},
  }
}

export async function begin(
  { deps }: HubApp,
  challenge: string,
  of: Pick<Ceremony, 'kind' | 'personId'>,
): Promise<void> {
  const expiresAtMs = deps.now() + lifeMs
  await beginCeremony(deps.db, { ...digested(challenge), ...of, detail: null, expiresAtMs })
}

export function digested(challenge: string): { readonly digest: string } {
  return { digest: hash('sha256', challenge, 'hex') }
}

/** What the browser says that it was asked; '' where it says nothing that can be read. */
export function challengeOf(clientData: string): string {
  try {
    const { challenge } = Object(JSON.parse(Buffer.from(clientData, 'base64url').toString())) as {
      challenge?: unknown
    }
    return typeof challenge === 'string' ? challenge : ''
  } catch {
    return ''
  }
}
