// Programs without a browser of their own (RFC 8628): the code that they ask with is kept as others are; beside it stands what a
// person is shown of it, and says. The page where the code is typed is the hub's.

import { type AdapterPayload, errors, Provider } from 'oidc-provider'
import { digestOfCode } from '../credentials/user-code.ts'
import { addOauthDevice, askOauthDevice } from '../store/oauth/oauth-device-table.ts'
import type { Queryable } from '../store/postgres.ts'
import { digestOfText } from './token-text.ts'

export const deviceCodeSeconds = 600
export const deviceStepSeconds = 5

interface NewDeviceCode {
  readonly id: string
  readonly payload: AdapterPayload
}

/** Beside the artifact. */
export async function keepDevice(tx: Queryable, { id, payload }: NewDeviceCode): Promise<void> {
  const { userCode = '', clientId = '', params, deviceInfo } = payload
  const { scope }: { scope?: unknown } = Object(params)
  const { ip }: { ip?: unknown } = Object(deviceInfo)
  await addOauthDevice(tx, {
    ...{ digest: digestOfText(id), userDigest: digestOfCode(userCode), clientId },
    permissions: (typeof scope === 'string' ? scope : '').split(' ').filter(Boolean),
    client: typeof ip === 'string' ? ip : null,
    ...{ lifetimeSeconds: deviceCodeSeconds, stepSeconds: deviceStepSeconds },
  })
}

/** What the person has said, as oidc-provider expects it in the payload. Throws SlowDown. */
export async function answeredDevice(db: Queryable, id: string): Promise<Partial<AdapterPayload>> {
  if (Provider.ctx?.oidc.route !== 'token') return {}
  const asked = await askOauthDevice(db, digestOfText(id))
  if (asked?.isEarly === true) throw new errors.SlowDown()
  if (asked?.isRefused === true)
    return { error: 'access_denied', errorDescription: 'the access was not granted' }
  if (asked === undefined || asked.personId === null || asked.grantId === null) return {}
  return { accountId: asked.personId, grantId: asked.grantId, scope: asked.permissions.join(' ') }
}
