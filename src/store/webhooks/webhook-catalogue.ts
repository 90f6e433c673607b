// What webhooks tell of, and which entries of the audit that comes from.

/** What an endpoint can ask for. */
export const webhookTypes = [
  'api_key.created',
  'api_key.updated',
  'api_key.disabled',
  'api_key.enabled',
  'api_key.revoked',
  'api_key.rotated',
  'api_key.expiring',
  'api_key.rotation_due',
  'api_key.exposed',
  'api_key.braked',
  'merchant.suspended',
  'merchant.resumed',
  'merchant.quota_warning',
  'merchant.quota_reached',
] as const
export type WebhookType = (typeof webhookTypes)[number]

/** Sent when somebody asks for it, whatever the endpoint has asked for. */
export const testType = 'webhook.test'

const typeOfAction: Readonly<Record<string, WebhookType>> = {
  'key.create': 'api_key.created',
  'key.import': 'api_key.created',
  'key.update': 'api_key.updated',
  'key.rotation_end': 'api_key.updated',
  'key.rotation_grace': 'api_key.updated',
  'key.disable': 'api_key.disabled',
  'key.enable': 'api_key.enabled',
  'key.revoke': 'api_key.revoked',
  'key.rotate': 'api_key.rotated',
  'key.braked': 'api_key.braked',
  'merchant.suspend': 'merchant.suspended',
  'merchant.resume': 'merchant.resumed',
}

/** What an entry of the audit is told as; undefined: it is not told. */
export function typeOf(action: string): WebhookType | undefined {
  return Object.hasOwn(typeOfAction, action) ? typeOfAction[action] : undefined
}

/** Has no revision of its own, unlike the others. */
export const exposedAction = 'key.exposed'
